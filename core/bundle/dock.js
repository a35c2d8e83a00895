// The images behind a point, one image with what the models said of it, and tables with their files.

const Pictures = (() => {
  // What a content may show: pictures that it carries, or files beside the page.
  const CARRIED = /^data:image\/(webp|png|jpeg);base64,[A-Za-z0-9+/=]+$/, BESIDE = /^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/;
  const source = (id) => {
    const found = id ? CONTENT.pictures?.[id] ?? '' : '';
    return CARRIED.test(found) || BESIDE.test(found) ? found : '';
  };
  return { source };
})();

const percent = (share, digits = 1) => (share === null || share === undefined ? '–' : `${(100 * share).toFixed(digits)} %`);

// Of several, what is not all is not 100 %, and what is not nothing not 0 %.
function shareOf(part, all) {
  if (!all) return '–';
  const share = part / all, said = Math.round(100 * share);
  return part > 0 && part < all && (said === 0 || said === 100) ? percent(share) : `${said} %`;
}

const stateOf = (right) => (right === null || right === undefined ? 'failed' : right ? 'right' : 'wrong');
const MARKS = { right: '✓', wrong: '✗', failed: '!' };

// "deer → bird 0.98": the truth first.
function captionOf(truth, row) {
  if (stateOf(row.right) === 'failed') return `${clean(truth)} → failed`;
  const share = row.confidence === null || row.confidence === undefined ? '' : ` ${row.confidence.toFixed(2)}`;
  return truth === row.predicted ? `${clean(truth)}${share}` : `${clean(truth)} → ${clean(row.predicted)}${share}`;
}

const Dock = (() => {
  const dock = document.querySelector('.dock');
  const empty = dock ? [...dock.childNodes] : [];
  const FILTERS = { all: 'All', wrong: 'Wrong', right: 'Right' };

  const rowsOf = (pick, shown) => pick.images.filter((row) => shown === 'all' || stateOf(row.right) === shown);

  function tile(row, opened, onOpen) {
    const image = CONTENT.images[row.image] ?? {};
    const state = stateOf(row.right), source = Pictures.source(image.picture);
    const caption = captionOf(image.true, row);
    const inside = source
      ? el('img', { src: source, alt: '', loading: 'lazy', decoding: 'async' })
      : el('span', { class: 'none' }, clean(image.problem || 'no picture inside'));
    return el('li', {}, el('button', {
      type: 'button', class: `tile ${state}`, 'data-image': row.image, 'aria-current': opened === row.image ? 'true' : null,
      'aria-label': `${state}: ${caption}`, title: `${caption} · ${clean(image.sample_id)}`, onclick: () => onOpen(row.image),
    }, el('div', { class: 'frame' }, inside, el('span', { class: 'mark', 'aria-hidden': 'true' }, MARKS[state])),
    el('div', { class: 'caption', dir: 'auto' }, caption)));
  }

  function filters(pick, view, actions) {
    const buttons = Object.entries(FILTERS).map(([key, label]) => el('button', {
      type: 'button', 'data-shown': key, 'aria-pressed': String(view.shown === key), onclick: () => actions.filter(key),
    }, `${label} ${rowsOf(pick, key).length}`));
    return el('div', { class: 'shown', role: 'group', 'aria-label': 'Which images are shown' }, ...buttons);
  }

  function heading(pick) {
    const n = pick.n ?? pick.images.length;
    const seen = pick.model ? [' as seen by ', el('bdi', {}, clean(pick.model))] : [];
    const right = pick.n_right === null || pick.n_right === undefined ? '' : `, ${shareOf(pick.n_right, n)} right`;
    return [
      el('h2', { tabindex: '-1' }, 'Images behind ', el('bdi', {}, clean(pick.said))),
      el('p', { class: 'of' }, el('b', {}, `${n.toLocaleString('en')} ${n === 1 ? 'image' : 'images'}${right}`), ...seen),
    ];
  }

  // What is docked: a pick with some of its images, or why there is none.
  function show(view, actions) {
    if (!dock) return;
    const { pick, problem } = view;
    dock.classList.toggle('empty', !pick && !problem);
    document.body.classList.toggle('docked', Boolean(pick));
    if (!pick && !problem) return void dock.replaceChildren(...empty);
    const close = el('button', { type: 'button', class: 'close', 'aria-label': 'Close the images', onclick: actions.close }, '×');
    if (problem) {
      dock.replaceChildren(el('div', { class: 'head' }, el('p', {}, problem), close));
      return;
    }
    const [title, of] = heading(pick), rows = rowsOf(pick, view.shown);
    const link = el('button', { type: 'button', class: 'plain', onclick: actions.copyLink }, 'Copy link');
    const none = pick.images.length ? 'None of them.' : 'None of its images is inside; see “What is not inside” at the end.';
    dock.replaceChildren(
      el('div', { class: 'head' }, el('div', {}, title, of), close),
      pick.chosen ? el('p', { class: 'small muted' }, clean(pick.chosen)) : '',
      el('div', { class: 'row' }, filters(pick, view, actions), link),
      rows.length ? el('ul', { class: 'tiles' }, ...rows.map((row) => tile(row, view.image, actions.open)))
        : el('p', { class: 'small muted' }, none),
    );
  }

  const focusTile = (image) => dock?.querySelector(`[data-image="${CSS.escape(image)}"]`)?.focus({ preventScroll: false });
  const focusHead = () => dock?.querySelector('h2')?.focus({ preventScroll: true });
  return { show, rowsOf, focusTile, focusHead, element: dock };
})();

const Drawer = (() => {
  const dialog = el('dialog', { 'aria-label': 'One image' });
  document.body.append(dialog);
  let actions = {};

  function picture(source, problem, alt, caption) {
    const inside = source ? el('img', { src: source, alt }) : el('div', { class: 'no-picture' }, clean(problem));
    return el('figure', {}, inside, el('figcaption', {}, ...caption));
  }

  function bar(name, share, colour, accepted) {
    const label = el('span', { class: 'name', title: name }, accepted ? el('span', { class: 'is-right' }, '✓ ') : '', name);
    if (share === null || share === undefined) return el('div', { class: 'bar-row' }, label);
    const fill = el('i');
    fill.style.width = `${Math.max(0, Math.min(100, 100 * share))}%`;
    fill.style.background = colour;
    return el('div', { class: 'bar-row' }, label, el('span', { class: 'bar' }, fill), el('span', { class: 'share' }, percent(share)));
  }

  // Five best classes of a model as bars; the one that is right is ticked.
  function answer(label, said, truth) {
    const state = stateOf(said.right), colour = SETTINGS.colours[label] ?? '#6B7785';
    const swatch = el('span', { class: 'swatch' });
    swatch.style.background = colour;
    const word = { right: '✓ right', wrong: '✗ wrong', failed: 'failed' }[state];
    const top = said.top5 ?? [];
    const rows = top.map(([name, share], at) => bar(clean(name), share, colour, name === truth || (at === 0 && said.right)));
    const why = said.saliency ? '' : el('p', { class: 'why' }, clean(said.why_no_map ? `No Grad-CAM: ${said.why_no_map}` : ''));
    return el('div', { class: 'answer' }, el('h3', {}, swatch, el('bdi', {}, clean(label)), ' ',
      el('span', { class: `is-${state}` }, word)), ...rows, top.length ? '' : el('p', { class: 'why' }, 'No answer is stored.'), why);
  }

  function body(image, row, pick) {
    const answers = CONTENT.models.map((model) => model.label).filter((label) => Object.hasOwn(image.answers ?? {}, label));
    const state = stateOf(row.right);
    const said = state === 'failed' ? el('span', { class: 'is-wrong' }, 'could not be evaluated') : state === 'right'
      ? el('span', { class: 'is-right' }, `✓ right${image.true === row.predicted ? '' : ` as ${clean(row.predicted)}`}`)
      : el('span', { class: 'is-wrong' }, '✗ taken for ', el('bdi', {}, clean(row.predicted)));
    const maps = answers.filter((label) => Pictures.source(image.answers[label].saliency)).map((label) => picture(
      Pictures.source(image.answers[label].saliency), '', `where ${clean(label)} looks`, ['Grad-CAM of ', el('bdi', {}, clean(label))]));
    const view = row.view && row.view !== 'clean' ? row.view : image.view && image.view !== 'clean' ? image.view : '';
    const facts = [['image', image.sample_id], ['benchmark', image.benchmark], ...(view ? [['view', view]] : []), ['chosen by', pick.said]];
    return [
      el('h2', { tabindex: '-1' }, el('bdi', {}, clean(image.true))),
      el('p', { class: 'said' }, said, pick.model ? ' by ' : '', el('bdi', {}, clean(pick.model))),
      el('div', { class: 'pictures' }, picture(Pictures.source(image.picture), image.problem || 'no picture inside',
        `an image of ${clean(image.true)}`, ['The image']), ...maps),
      el('div', { class: 'answers' }, ...answers.map((label) => answer(label, image.answers[label], image.true))),
      el('dl', { class: 'facts' }, ...facts.flatMap(([key, value]) => [el('dt', {}, key), el('dd', {}, el('bdi', {}, clean(value)))])),
    ];
  }

  function show(pick, rows, at) {
    const row = rows[at], image = CONTENT.images[row.image] ?? {};
    const step = (by, label, sign) => el('button', {
      type: 'button', class: 'step', 'aria-label': label, disabled: !rows[at + by], onclick: () => actions.step(by),
    }, sign);
    const held = dialog.open && dialog.contains(document.activeElement) ? document.activeElement.getAttribute('aria-label') : '';
    dialog.replaceChildren(
      el('div', { class: 'image-bar' }, step(-1, 'Previous image', '←'), el('span', { class: 'count' }, `${at + 1} of ${rows.length}`),
        step(1, 'Next image', '→'), el('span', { class: 'hint' }, 'arrow keys step, Esc closes'),
        el('button', { type: 'button', class: 'plain', onclick: actions.copyLink }, 'Copy link'),
        el('button', { type: 'button', class: 'close', 'aria-label': 'Close the image', onclick: actions.close }, '×')),
      el('div', { class: 'image-body' }, ...body(image, row, pick)),
    );
    if (!dialog.open) dialog.showModal();
    // A step by a button leaves the focus on that button, where there still is one to be pressed.
    const again = held && dialog.querySelector(`button[aria-label="${held}"]:not(:disabled)`);
    (again || dialog.querySelector('h2')).focus({ preventScroll: true });
  }

  function hide() {
    if (dialog.open) dialog.close();
  }

  function start(given) {
    actions = given;
    dialog.addEventListener('cancel', (event) => { event.preventDefault(); actions.close(); });
    dialog.addEventListener('click', (event) => { if (event.target === dialog) actions.close(); });
    dialog.addEventListener('keydown', (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      actions.step(by);
    });
  }

  return { start, show, hide, isOpen: () => dialog.open };
})();

const Tables = (() => {
  const SHARES = new Set(['value', 'low', 'high', 'band_low', 'band_high', 'first', 'second', 'gain', 'drop']);
  const MOST = 200;

  // Rows of a file of comma-separated values, quoted where needed.
  function parsed(csv) {
    const rows = [[]];
    for (const [, cell, end] of csv.matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|$)/g)) {
      const row = rows[rows.length - 1];
      row.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
      if (end === '') break;
      if (end !== ',') rows.push([]);
    }
    return rows.filter((row) => row.length > 1 || row[0] !== '');
  }

  function shown(name, cell) {
    if (name === 'identity') return cell.slice(0, 8);
    if (cell === '' || !Number.isFinite(Number(cell))) return clean(cell);
    if (SHARES.has(name)) return percent(Number(cell));
    return /^-?\d+\.\d{5,}/.test(cell) ? String(Number(Number(cell).toPrecision(4))) : cell;
  }

  // A figure's table, made as it is opened.
  function fill(details, exhibit) {
    if (details.querySelector('table')) return;
    const [names = [], ...rows] = parsed(exhibit.csv);
    const kinds = names.map((name, at) => rows.every((row) => row[at] === '' || Number.isFinite(Number(row[at]))) ? 'n' : null);
    const line = (row) => el('tr', {}, ...names.map((name, at) => {
      const said = shown(name, row[at] ?? '');
      return el('td', { class: kinds[at], title: said.length > 30 ? said : null }, el('bdi', {}, said));
    }));
    const head = el('tr', {}, ...names.map((name, at) => el('th', { scope: 'col', class: kinds[at] }, clean(name))));
    const table = el('table', {}, el('thead', {}, head), el('tbody', {}, ...rows.slice(0, MOST).map(line)));
    const label = details.closest('.exhibit').querySelector('h3').textContent;
    details.append(el('div', { class: 'scroller', tabindex: '0', role: 'region', 'aria-label': `Table of ${label}` }, table));
    if (rows.length > MOST) details.append(el('p', { class: 'note' }, `The first ${MOST} of ${rows.length.toLocaleString('en')} rows; the CSV has all.`));
  }

  function save(exhibit) {
    const address = URL.createObjectURL(new Blob([exhibit.csv], { type: 'text/csv' }));
    const link = el('a', { href: address, download: `offcenter-${exhibit.id.replace(/[^\w.-]+/g, '-').slice(0, 80)}.csv` });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  return { fill, save };
})();
