// The worst images of each class: a card a class, its thumbnails in a row; a click opens one.

function thumbnail(item, open) {
  const button = document.createElement('button');
  button.type = 'button';
  button.dataset.id = item.id;
  button.title = item.title;
  button.setAttribute('aria-label', item.title);
  const frame = document.createElement('span');
  frame.className = 'frame';
  if (item.src) {
    const image = document.createElement('img');
    image.src = item.src;
    image.alt = '';
    frame.append(image);
  } else {
    const none = document.createElement('span');
    none.className = 'none';
    none.textContent = item.problem;
    frame.append(none);
  }
  const caption = document.createElement('span');
  caption.className = 'caption';
  caption.textContent = item.caption;
  button.append(frame, caption);
  button.onclick = () => open(item.id);
  return button;
}

function card(group, open) {
  const section = document.createElement('section');
  const head = document.createElement('header');
  const name = document.createElement('b');
  name.textContent = group.name;
  name.title = group.name;
  const kept = document.createElement('small');
  kept.textContent = group.kept;
  head.append(name, kept);
  const row = document.createElement('div');
  row.className = 'row';
  row.append(...group.images.map((item) => thumbnail(item, open)));
  section.append(head, row);
  return section;
}

export default function(component) {
  const { data, parentElement, setTriggerValue } = component;
  const grid = parentElement.querySelector('.classes');
  parentElement.ocOpen = (id) => {
    parentElement.ocOpener = id;
    setTriggerValue('picked', id);
  };
  // Drawn anew only where it is another: what has the focus keeps it.
  const said = JSON.stringify(data.classes, (key, content) => (key === 'src' ? content.length : content));
  if (said !== parentElement.ocSaid) {
    grid.replaceChildren(...data.classes.map((group) => card(group, (id) => parentElement.ocOpen(id))));
    parentElement.ocSaid = said;
  }
  const buttons = [...grid.querySelectorAll('button')];
  for (const button of buttons) button.setAttribute('aria-current', String(button.dataset.id === data.opened));
  // Once the drawer is closed, the focus is where it was before.
  if (parentElement.ocOpened && !data.opened) {
    const opener = buttons.find((button) => button.dataset.id === parentElement.ocOpener);
    if (opener) for (const wait of [60, 350]) setTimeout(() => opener.focus({ preventScroll: true }), wait);
  }
  parentElement.ocOpened = data.opened;
}
