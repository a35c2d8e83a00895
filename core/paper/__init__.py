"""What goes into a paper or onto a model's card: tables as text, methods and citations, figures as files.

Tables: ``reading`` (which there are) and ``columns`` make ``cells`` of reports, ``tables`` and ``overalls`` the tables,
``best`` (with ``restricted``) says what is bold, ``captions`` what stands below; ``markdown``, ``latex`` (words:
``latex_text``) and ``comma`` write them. Methods: ``methods``, ``citations``. Figures: ``figure_files``, drawn by
``drawing``. The hub's card: ``hub_card``, its text ``card_text``.
"""
