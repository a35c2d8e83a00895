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

const isMissing = (value) => value === null || value === undefined;

// A share in percent: what is not all is not rounded to 100, and what is not nothing not to 0.
function percent(share, digits = 1) {
  if (isMissing(share)) return '–';
  const said = (100 * share).toFixed(digits);
  if (digits < 2 && share > 0 && share < 1 && [0, 100].includes(Number(said))) return percent(share, digits + 1);
  return `${said.replace('-', '−')}\u00a0%`;
}

// An element of a class.
const of = (tag, kind, ...children) => el(tag, { class: kind }, ...children);
const named = (words) => el('bdi', {}, clean(words));

function button(kind, label, sign, onclick, more = {}) {
  return el('button', { type: 'button', class: kind, 'aria-label': label, onclick, ...more }, sign);
}

const stateOf = (right) => (isMissing(right) ? 'failed' : right ? 'right' : 'wrong');
const MARKS = { right: '✓', wrong: '✗', failed: '!' };

// "deer → bird 0.98": the truth first.
function captionOf(truth, row) {
  if (stateOf(row.right) === 'failed') return `${clean(truth)} → failed`;
  const share = isMissing(row.confidence) ? '' : ` ${row.confidence.toFixed(2)}`;
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
    const mark = el('span', { class: 'mark', 'aria-hidden': 'true' }, MARKS[state]);
    const frame = of('div', 'frame', inside, mark), open = () => onOpen(row.image);
    const made = button(`tile ${state}`, `${state}: ${caption}`, frame, open, {
      'data-image': row.image, 'aria-current': opened === row.image ? 'true' : null,
      title: `${caption} · ${clean(image.sample_id)}`,
    });
    made.append(el('div', { class: 'caption', dir: 'auto' }, caption));
    return el('li', {}, made);
  }

  function filters(pick, view, actions) {
    const buttons = Object.entries(FILTERS).map(([key, label]) => el('button', {
      type: 'button', 'data-shown': key, 'aria-pressed': String(view.shown === key), onclick: () => actions.filter(key),
    }, `${label} ${rowsOf(pick, key).length}`));
    return el('div', { class: 'shown', role: 'group', 'aria-label': 'Which images are shown' }, ...buttons);
  }

  function heading(pick) {
    const n = pick.n ?? pick.images.length;
    const seen = pick.model ? [' as seen by ', named(pick.model)] : [];
    const images = `${n.toLocaleString('en')} ${n === 1 ? 'image' : 'images'}`;
    const right = isMissing(pick.n_right) ? '' : `, ${percent(n ? pick.n_right / n : null, 0)} right`;
    return [
      el('h2', { tabindex: '-1' }, 'Images behind ', named(pick.said)),
      of('p', 'of', el('b', {}, `${images}${right}`), ...seen),
    ];
  }

  // What is docked: a pick with some of its images, or why there is none.
  function show(view, actions) {
    if (!dock) return;
    const { pick, problem } = view;
    dock.classList.toggle('empty', !pick && !problem);
    document.body.classList.toggle('docked', Boolean(pick));
    if (!pick && !problem) return void dock.replaceChildren(...empty);
    const close = button('close', 'Close the images', '×', actions.close);
    if (problem) {
      dock.replaceChildren(el('div', { class: 'head' }, el('p', {}, problem), close));
      return;
    }
    const [title, counted] = heading(pick), rows = rowsOf(pick, view.shown);
    const link = button('plain', null, 'Copy link', actions.copyLink);
    const inside = pick.images.length ? [
      el('div', { class: 'row' }, filters(pick, view, actions), link),
      rows.length ? el('ul', { class: 'tiles' }, ...rows.map((row) => tile(row, view.image, actions.open)))
        : of('p', 'small muted', 'None of them.'),
    ] : [of('p', 'small muted', 'What brings them in stands at the end of the page, under “What is not inside”.')];
    dock.replaceChildren(
      of('div', 'head', el('div', {}, title, counted), close),
      pick.chosen ? of('p', 'small muted', clean(pick.chosen)) : '',
      ...inside,
    );
  }

  const focusTile = (image) => dock?.querySelector(`[data-image="${CSS.escape(image)}"]`)?.focus();
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
    const tick = accepted ? of('span', 'is-right', '✓ ') : '';
    const label = el('span', { class: 'name', title: name }, tick, name);
    if (isMissing(share)) return el('div', { class: 'bar-row' }, label);
    const fill = el('i');
    fill.style.width = `${Math.max(0, Math.min(100, 100 * share))}%`;
    fill.style.background = colour;
    return of('div', 'bar-row', label, of('span', 'bar', fill), of('span', 'share', percent(share)));
  }

  // Five best classes of a model as bars; the one that is right is ticked.
  function answer(label, said, truth) {
    const state = stateOf(said.right), colour = SETTINGS.colours[label] ?? '#6B7785';
    const swatch = el('span', { class: 'swatch' });
    swatch.style.background = colour;
    const word = { right: '✓ right', wrong: '✗ wrong', failed: 'failed' }[state];
    const top = said.top5 ?? [];
    // Right under another name than the truth's, unless any of five would do.
    const isAccepted = (name, at) => name === truth || (at === 0 && said.right && CONTENT.policy !== 'top5');
    const rows = top.map(([name, share], at) => bar(clean(name), share, colour, isAccepted(name, at)));
    if (!top.length) rows.push(of('p', 'why', 'No answer is stored.'));
    if (!said.saliency && said.why_no_map) rows.push(of('p', 'why', clean(`No Grad-CAM: ${said.why_no_map}`)));
    return of('div', 'answer', el('h3', {}, swatch, named(label), ' ', of('span', `is-${state}`, word)), ...rows);
  }

  // What a model took an image for.
  function taken(truth, row) {
    const state = stateOf(row.right);
    if (state === 'failed') return of('span', 'is-wrong', 'could not be evaluated');
    if (state === 'wrong') return of('span', 'is-wrong', '✗ taken for ', named(row.predicted));
    if (truth === row.predicted) return of('span', 'is-right', '✓ right');
    const how = CONTENT.policy === 'top5' ? '✓ among the best five, after ' : '✓ right as ';
    return of('span', 'is-right', how, named(row.predicted));
  }

  function body(image, row, pick) {
    const given = image.answers ?? {};
    const answers = CONTENT.models.map((model) => model.label).filter((label) => Object.hasOwn(given, label));
    const maps = answers.map((label) => [label, Pictures.source(given[label].saliency)]).filter(([, source]) => source)
      .map(([label, source]) => picture(source, '', `where ${clean(label)} looks`, ['Grad-CAM of ', named(label)]));
    const view = row.view && row.view !== 'clean' ? row.view : image.view && image.view !== 'clean' ? image.view : '';
    const plain = picture(Pictures.source(image.picture), image.problem || 'no picture inside',
      `an image of ${clean(image.true)}`, ['The image']);
    const said = answers.map((label) => answer(label, given[label], image.true));
    const facts = { image: image.sample_id, benchmark: image.benchmark, view, 'chosen by': pick.said };
    const known = Object.entries(facts).filter(([, value]) => value);
    const lines = known.flatMap(([key, value]) => [el('dt', {}, key), el('dd', {}, named(value))]);
    return [
      el('h2', { tabindex: '-1' }, named(image.true)),
      of('p', 'said', taken(image.true, row), ...(pick.model ? [' by ', named(pick.model)] : [])),
      of('div', maps.length ? '' : 'beside', of('div', 'pictures', plain, ...maps), of('div', 'answers', ...said)),
      of('dl', 'facts', ...lines),
    ];
  }

  function show(pick, rows, at) {
    const row = rows[at], image = CONTENT.images[row.image] ?? {};
    const step = (by, label, sign) => button('step', label, sign, () => actions.step(by), { disabled: !rows[at + by] });
    const held = dialog.contains(document.activeElement) ? document.activeElement.getAttribute('aria-label') : '';
    dialog.replaceChildren(
      of('div', 'image-bar', step(-1, 'Previous image', '←'), of('span', 'count', `${at + 1} of ${rows.length}`),
        step(1, 'Next image', '→'), of('span', 'hint', 'arrow keys step, Esc closes'),
        button('plain', null, 'Copy link', actions.copyLink), button('close', 'Close the image', '×', actions.close)),
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
    const isNumber = (cell) => cell === '' || Number.isFinite(Number(cell));
    const kinds = names.map((_, at) => (rows.every((row) => isNumber(row[at])) ? 'n' : null));
    const line = (row) => el('tr', {}, ...names.map((name, at) => {
      const said = shown(name, row[at] ?? '');
      return el('td', { class: kinds[at], title: said.length > 30 ? said : null }, el('bdi', {}, said));
    }));
    const head = el('tr', {}, ...names.map((name, at) => el('th', { scope: 'col', class: kinds[at] }, clean(name))));
    const table = el('table', {}, el('thead', {}, head), el('tbody', {}, ...rows.slice(0, MOST).map(line)));
    const label = details.closest('.exhibit').querySelector('h3').textContent;
    const region = { class: 'scroller', tabindex: '0', role: 'region', 'aria-label': `Table of ${label}` };
    details.append(el('div', region, table));
    const n = rows.length.toLocaleString('en');
    if (rows.length > MOST) details.append(of('p', 'note', `The first ${MOST} of ${n} rows; the CSV has all.`));
  }

  function save(exhibit) {
    const address = URL.createObjectURL(new Blob([exhibit.csv], { type: 'text/csv' }));
    const name = exhibit.id.replace(/[^\w.-]+/g, '-').slice(0, 80);
    const link = el('a', { href: address, download: `offcenter-${name}.csv` });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  return { fill, save };
})();
