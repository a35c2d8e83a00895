"""Where in an image a class score comes from: an adapter over the grad-cam package, for every timm family.

``maps`` holds the types, ``placement`` where cells lie and ``alignment`` the comparison with masks, all without torch;
``explain.Explainer`` makes the maps and ``sanity`` tells whether they depend on what the model has learnt. What the
package gets wrong for this use is corrected here: it rescales every map so that an empty one looks like any other,
stretches maps over the image as if no convolution had padding, runs backwards through the whole network, replaces
modules of the shared network, and knows neither token grids nor channel-last maps.
"""
