// The page: what is chosen stands in its address, so that a link is a view, and Back undoes a step.

(() => {
  const NAMES = ['exhibit', 'point', 'image', 'show'];
  const status = document.getElementById('oc-status');

  // --- the address ---------------------------------------------------------------------------------------------------

  function read() {
    const said = new URLSearchParams(location.hash.replace(/^#/, ''));
    return Object.fromEntries(NAMES.map((name) => [name, said.get(name) ?? '']));
  }

  function go(view, { replace = false } = {}) {
    const said = new URLSearchParams(NAMES.filter((name) => view[name]).map((name) => [name, view[name]]));
    const hash = `#${said}`;
    if (hash !== (location.hash || '#')) {
      const address = location.href.replace(/#.*$/s, '') + hash;
      try {
        history[replace ? 'replaceState' : 'pushState']({}, '', address);
      } catch {
        location.hash = hash;
      }
    }
    apply();
  }

  // What the address means: an exhibit, the pick of its point, and an image of that.
  function meant({ exhibit: id, point, image, show }) {
    const exhibit = Figures.byId.get(id);
    if (!id) return {};
    if (!exhibit) return { problem: 'The link names a figure that is not in this file.' };
    if (!point) return { exhibit };
    const pick = CONTENT.picks[Object.hasOwn(exhibit.points ?? {}, point) ? exhibit.points[point] : ''];
    if (!pick) return { exhibit, problem: 'The link names a point that this figure does not have.' };
    const shown = ['wrong', 'right'].includes(show) ? show : 'all';
    const rows = Dock.rowsOf(pick, shown);
    const at = image ? rows.findIndex((row) => row.image === image) : -1;
    return { exhibit, pick, point, shown, rows, at, lost: Boolean(image) && at < 0 };
  }

  let before = { image: '', exhibit: '' };

  function apply() {
    const address = read(), view = meant(address);
    const opened = view.at >= 0 ? address.image : '';
    Dock.show({ ...view, image: opened }, actions);
    Figures.choose(view.pick ? { exhibit: view.exhibit.id, point: view.point } : null);
    if (opened) Drawer.show(view.pick, view.rows, view.at);
    else Drawer.hide();
    if (view.lost) say('The link names an image that is not among those inside.');
    if (before.image && !opened && view.pick) Dock.focusTile(before.image);
    before = { image: opened, exhibit: view.exhibit?.id ?? '' };
    return view;
  }

  const actions = {
    open: (image) => go({ ...read(), image }),
    filter: (show) => {
      go({ ...read(), show: show === 'all' ? '' : show }, { replace: true });
      Dock.element.querySelector(`[data-shown="${show}"]`)?.focus();
    },
    close: () => {
      const { exhibit } = read();
      go({});
      plotOf(exhibit)?.focus({ preventScroll: true });
    },
    copyLink: () => copy(location.href, 'The link to this view is copied.'),
  };

  const plotOf = (id) => document.querySelector(`[data-exhibit="${CSS.escape(id)}"] .plot`);

  const isSheet = () => Dock.element !== null && getComputedStyle(Dock.element).position === 'fixed';

  function pick(exhibit, point, plot, byKey) {
    go({ exhibit, point });
    const { pick: found } = meant(read());
    if (found) status.textContent = clean(`Images behind ${found.said}: ${found.images.length} inside`);
    if (byKey) Dock.focusHead();
    // On a small screen the sheet of images covers what is low: the figure moves above it.
    const sheet = isSheet() ? Dock.element.getBoundingClientRect().top : innerHeight;
    const ring = plot.querySelector('.ring.chosen')?.getBoundingClientRect();
    if (ring && ring.bottom > sheet - 12) scrollBy({ top: ring.bottom - sheet + 60, behavior: 'smooth' });
  }

  // --- copying -------------------------------------------------------------------------------------------------------

  let leaving = 0;
  function say(words) {
    document.querySelector('.toast')?.remove();
    const toast = el('div', { class: 'toast' }, words);
    (document.querySelector('dialog[open]') ?? document.body).append(toast);
    status.textContent = words;
    clearTimeout(leaving);
    leaving = setTimeout(() => toast.remove(), 3500);
  }

  async function copy(words, said) {
    try {
      await navigator.clipboard.writeText(words);
    } catch {
      const field = el('textarea', { 'aria-hidden': 'true', style: 'position: fixed; opacity: 0' });
      field.value = words;
      (document.querySelector('dialog[open]') ?? document.body).append(field);
      field.select();
      const done = document.execCommand('copy');
      field.remove();
      if (!done) return say(`This browser does not let the page copy; it is: ${words}`);
    }
    return say(said);
  }

  // --- the rest of the page ------------------------------------------------------------------------------------------

  function listen() {
    for (const figure of document.querySelectorAll('.exhibit')) {
      const exhibit = Figures.byId.get(figure.dataset.exhibit);
      const details = figure.querySelector('details');
      details?.addEventListener('toggle', () => details.open && Tables.fill(details, exhibit));
      figure.querySelector('[data-csv]')?.addEventListener('click', () => Tables.save(exhibit));
    }
    for (const button of document.querySelectorAll('[data-copy]')) {
      button.addEventListener('click', () => copy(button.parentElement.querySelector('code').textContent, 'Copied.'));
    }
    const own = decodeURIComponent(location.pathname.split('/').pop() || 'index.html');
    const check = document.querySelector('[data-check]');
    if (check) check.textContent += /^[\w.-]+$/.test(own) ? ` ${own}` : ` '${own.replaceAll("'", "'\\''")}'`;
  }

  // A link of the contents leaves what is docked where it is.
  function followContents() {
    const list = document.querySelector('.contents details'), wide = matchMedia('(min-width: 1320px)');
    const fold = () => { list.open = wide.matches; };
    wide.addEventListener('change', fold);
    fold();
    list.addEventListener('click', (event) => {
      const link = event.target.closest('a');
      if (!link || !read().exhibit) return;
      event.preventDefault();
      document.getElementById(link.hash.slice(1))?.scrollIntoView();
    });
  }

  // The address in a print is that of the file as it was opened.
  function onPrint() {
    const place = document.querySelector('[data-address]');
    if (place) place.textContent = `Printed from ${decodeURI(location.href.replace(/#.*$/s, ''))}`;
  }

  // The part of the page that is being read is marked in its contents.
  function followReading() {
    const found = document.querySelectorAll('.contents details > ol > li > a');
    const links = new Map([...found].map((link) => [link.hash.slice(1), link]));
    const parts = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
    let waiting = 0;
    const mark = () => {
      waiting = 0;
      const now = parts.findLast((part) => part.getBoundingClientRect().top < innerHeight * 0.35) ?? null;
      for (const [id, link] of links) {
        const is = now?.id === id;
        link.parentElement.classList.toggle('now', is);
        is ? link.setAttribute('aria-current', 'location') : link.removeAttribute('aria-current');
      }
    };
    addEventListener('scroll', () => { waiting ||= requestAnimationFrame(mark); }, { passive: true });
    mark();
  }

  performance.mark('oc-headline');
  Drawer.start({
    ...actions,
    close: () => go({ ...read(), image: '' }),
    step: (by) => {
      const address = read(), view = meant(address), next = view.rows?.[view.at + by];
      if (next) go({ ...address, image: next.image }, { replace: true });
    },
  });
  listen();
  followContents();
  addEventListener('popstate', apply);
  addEventListener('hashchange', apply);
  addEventListener('beforeprint', onPrint);
  matchMedia('print').addEventListener('change', onPrint);
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !Drawer.isOpen() && read().point) actions.close();
  });
  Figures.start(pick);
  followReading();
  // A file is of what was looked at when it was made; a link into it goes before.
  if (!location.hash && CONTENT.start?.exhibit) go(CONTENT.start, { replace: true });
  const { exhibit } = apply();
  const block = isSheet() ? 'start' : 'center';
  if (exhibit) plotOf(exhibit.id)?.closest('.exhibit').scrollIntoView({ block, behavior: 'instant' });
})();
