// A grid of thumbnails: a click opens one, or chooses it where several are being chosen.

function tile(item, data, actions) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = item.state;
  button.dataset.id = item.id;
  button.title = item.title;
  button.setAttribute('aria-label', item.title);
  const frame = document.createElement('div');
  frame.className = 'frame';
  if (item.src) {
    const image = document.createElement('img');
    image.src = item.src;
    image.alt = '';
    frame.append(image);
  } else {
    const none = document.createElement('span');
    none.className = 'none';
    none.textContent = item.problem || item.id;
    frame.append(none);
  }
  const mark = document.createElement('span');
  mark.className = 'mark';
  mark.textContent = { right: '\u2713', wrong: '\u2717', failed: '!' }[item.state];
  const caption = document.createElement('div');
  caption.className = 'caption';
  caption.textContent = item.caption;
  frame.append(mark);
  button.append(frame, caption);
  button.onclick = () => actions(item.id, button);
  return button;
}

export default function(component) {
  const { data, parentElement, setTriggerValue } = component;
  const grid = parentElement.querySelector('.grid');
  const chosen = new Set(data.chosen ?? []);
  grid.dataset.size = data.size ?? 'M';
  const onClick = (id, button) => {
    if (!data.choosing) {
      parentElement.ocOpener = id;
      setTriggerValue('picked', id);
      return;
    }
    chosen.has(id) ? chosen.delete(id) : chosen.add(id);
    button.setAttribute('aria-pressed', String(chosen.has(id)));
    setTriggerValue('chosen', [...chosen]);
  };
  // Drawn anew only where it is another: what has the focus keeps it.
  const said = JSON.stringify(data.images.map((item) => [item.id, item.caption, item.state, item.src.length]));
  if (said === parentElement.ocSaid) {
    for (const button of grid.children) button.onclick = () => onClick(button.dataset.id, button);
  } else {
    grid.replaceChildren(...data.images.map((item) => tile(item, data, onClick)));
    parentElement.ocSaid = said;
  }
  for (const button of grid.children) {
    if (data.choosing) button.setAttribute('aria-pressed', String(chosen.has(button.dataset.id)));
    else button.removeAttribute('aria-pressed');
  }
  // Once the drawer is closed, the focus is where it was before.
  if (parentElement.ocOpened && !data.opened) {
    const opener = [...grid.children].find((button) => button.dataset.id === parentElement.ocOpener);
    if (opener) for (const wait of [60, 350]) setTimeout(() => opener.focus({ preventScroll: true }), wait);
  }
  parentElement.ocOpened = data.opened;
}
