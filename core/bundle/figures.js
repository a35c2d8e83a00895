// Figures: unpacked and drawn as they come into view, and clicked by mouse or keyboard.

const Figures = (() => {
  // Pixels of a figure on paper: of one in a row, and of one of two.
  const PRINTED = [680, 328];
  const CONFIG = { displayModeBar: false, scrollZoom: false, doubleClick: false, responsive: false, showTips: false };
  const BY_ID = new Map(CONTENT.exhibits.map((exhibit) => [exhibit.id, exhibit]));
  const drawn = new Map();
  const state = { printing: false, chosen: null, onPick: () => {} };

  // --- Plotly, packed in the page ------------------------------------------------------------------------------------

  let loading = null;

  async function unpacked() {
    if (typeof DecompressionStream === 'undefined') throw new Error('it has no DecompressionStream');
    const packed = atob(document.getElementById('oc-plotly').textContent);
    const bytes = new Uint8Array(packed.length);
    for (let at = 0; at < packed.length; at += 1) bytes[at] = packed.charCodeAt(at);
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
  }

  function loaded() {
    loading ??= unpacked().then((source) => {
      const script = document.createElement('script');
      script.textContent = source;
      document.head.append(script);
      if (!window.Plotly) throw new Error('its script did not run');
    });
    return loading;
  }

  // --- drawing -------------------------------------------------------------------------------------------------------

  const plotOf = (id) => document.querySelector(`[data-exhibit="${CSS.escape(id)}"] .plot`);
  const widthOf = (plot) => {
    if (!state.printing) return Math.round(plot.clientWidth);
    return PRINTED[plot.closest('.exhibit').classList.contains('wide') ? 0 : 1];
  };

  function draw(exhibit) {
    const plot = plotOf(exhibit.id);
    const width = plot ? widthOf(plot) : 0;
    if (!window.Plotly || width < 40) return;
    const known = drawn.get(exhibit.id), above = Number(plot.closest('.exhibit').dataset.above);
    const { data, layout } = Fitting.prepared(exhibit.figure, width, above, state.printing);
    const place = known?.place ?? el('div', { class: 'oc-chart' });
    if (!known) plot.replaceChildren(place);
    plot.style.height = `${layout.height}px`;
    try {
      window.Plotly.react(place, data, layout, CONFIG);
    } catch (error) {
      const said = `This figure cannot be drawn (${error.message}); its table is below.`;
      plot.replaceChildren(el('p', { class: 'wait' }, said));
      return;
    }
    drawn.set(exhibit.id, { place, width });
    if (!known) listen(exhibit, plot, place);
    outline();
    if (!performance.getEntriesByName('oc-first-figure').length) performance.mark('oc-first-figure');
  }

  function listen(exhibit, plot, place) {
    const title = plot.closest('.exhibit').querySelector('h3').textContent;
    const points = exhibit.points ?? {};
    const clickable = Dock.element !== null && Object.keys(points).length > 0;
    plot.setAttribute('role', clickable ? 'application' : 'img');
    plot.setAttribute('aria-label', clickable ? `${title}: arrow keys choose a point, Enter opens its images` : title);
    if (!clickable) return;
    plot.classList.add('clickable');
    plot.tabIndex = 0;
    place.on('plotly_click', (event) => {
      for (const point of event.points) {
        const key = keyOf(point.customdata);
        if (key in points) return void state.onPick(exhibit.id, key, plot, false);
      }
    });
    plot.addEventListener('keydown', (event) => onKey(event, exhibit, plot, place));
    plot.addEventListener('blur', () => plot.querySelector('.ring.cursor')?.remove());
  }

  // The key of a point, see ``key_of`` of the content.
  function keyOf(customdata) {
    if (customdata === undefined || customdata === null) return '';
    return JSON.stringify(ArrayBuffer.isView(customdata) ? [...customdata] : customdata);
  }

  // --- points on the screen ------------------------------------------------------------------------------------------

  // Points of a chart that stand for images, with their places in its frame.
  function pointsOf(exhibit, place) {
    const frame = place.getBoundingClientRect();
    const found = [];
    for (const node of place.querySelectorAll('.points > path.point, .bars .point > path')) {
      const datum = node.__data__ ?? node.parentNode.__data__;
      const trace = (node.closest('.trace')?.__data__?.[0] ?? datum)?.trace;
      const index = datum?.i;
      const given = trace && place.data[trace.index];
      const key = keyOf(given?.customdata?.[index]);
      if (!key || !(key in (exhibit.points ?? {}))) continue;
      const box = node.getBoundingClientRect(), bar = node.closest('.bars') !== null;
      const at = { left: box.left - frame.left, top: box.top - frame.top, width: box.width, height: box.height };
      found.push({ key, bar, at: cellOf(place, trace, at) ?? at, text: [given.hovertext].flat()[index] ?? '' });
    }
    return found;
  }

  // The cell of the map that an invisible square lies on.
  function cellOf(place, trace, at) {
    const isUnder = (each) => each.type === 'heatmap' && each.xaxis === trace.xaxis && each.yaxis === trace.yaxis;
    const map = place._fullData.find(isUnder);
    if (!map) return null;
    const [across, down] = [['xaxis', map.x], ['yaxis', map.y]].map(([kind, places]) => {
      const axis = place._fullLayout[map[kind].replace(/^([xy])/, '$1axis')];
      const pixels = [...(places ?? [])].map((each) => axis.d2p(each)).sort((one, other) => one - other);
      const steps = pixels.slice(1).map((each, number) => each - pixels[number]).filter((each) => each > 0.5);
      return steps.length ? Math.min(...steps) : kind === 'xaxis' ? at.width : at.height;
    });
    const [x, y] = [at.left + at.width / 2, at.top + at.height / 2];
    return { left: x - across / 2, top: y - down / 2, width: across, height: down };
  }

  function ring(plot, point, kind) {
    let frame = plot.querySelector(`.ring.${kind}`);
    if (!frame) plot.append(frame = el('div', { class: `ring ${kind}` }));
    const isCell = point.bar || point.at.width !== point.at.height || point.at.width > 15;
    const least = point.bar ? 10 : isCell ? 0 : 20;
    const width = Math.max(point.at.width, least), height = Math.max(point.at.height, least);
    const left = point.bar ? point.at.left : point.at.left + (point.at.width - width) / 2;
    frame.classList.toggle('round', !isCell);
    const top = point.at.top + (point.at.height - height) / 2;
    const box = { left: left - 3, top: top - 3, width: width + 6, height: height + 6 };
    for (const [side, pixels] of Object.entries(box)) frame.style[side] = `${pixels}px`;
  }

  // The chosen point is outlined, in its figure and in no other.
  function outline() {
    for (const each of document.querySelectorAll('.ring.chosen')) each.remove();
    const { exhibit: id, point: key } = state.chosen ?? {};
    const known = drawn.get(id);
    if (!known) return;
    const point = pointsOf(BY_ID.get(id), known.place).find((each) => each.key === key);
    if (point) ring(plotOf(id), point, 'chosen');
  }

  // The nearest point in a direction; what is off to the side counts more.
  function nearest(points, from, key) {
    const sideways = key === 'ArrowLeft' || key === 'ArrowRight';
    const sign = key === 'ArrowRight' || key === 'ArrowDown' ? 1 : -1;
    const middle = ({ at, bar }) => [bar ? at.left : at.left + at.width / 2, at.top + at.height / 2];
    const [x, y] = middle(from);
    let best = from, least = Infinity;
    for (const each of points) {
      const [toX, toY] = middle(each);
      const along = sign * (sideways ? toX - x : toY - y), aside = Math.abs(sideways ? toY - y : toX - x);
      if (along > 0.5 && along + 3 * aside < least) [least, best] = [along + 3 * aside, each];
    }
    return best;
  }

  function onKey(event, exhibit, plot, place) {
    const enter = event.key === 'Enter' || event.key === ' ';
    if (!event.key.startsWith('Arrow') && !enter) return;
    const points = pointsOf(exhibit, place);
    if (!points.length) return;
    event.preventDefault();
    const at = points.find((each) => each.key === plot.ocAt);
    if (enter) {
      if (at) state.onPick(exhibit.id, at.key, plot, true);
      return;
    }
    const chosen = state.chosen?.exhibit === exhibit.id ? points.find((each) => each.key === state.chosen.point) : null;
    const next = at ? nearest(points, at, event.key) : chosen ?? points[0];
    plot.ocAt = next.key;
    ring(plot, next, 'cursor');
    const said = String(next.text).replace(/<[^>]*>/g, ' ').replaceAll('&lt;', '<');
    document.getElementById('oc-status').textContent = clean(said);
  }

  // --- when ----------------------------------------------------------------------------------------------------------

  function fail(error) {
    for (const wait of document.querySelectorAll('.plot > .wait')) {
      wait.textContent = `This browser cannot unpack the figures (${error.message}). The table below has the numbers.`;
      const table = wait.closest('.exhibit').querySelector('details');
      if (table) table.open = true;
    }
  }

  function redrawAll() {
    for (const id of drawn.keys()) draw(BY_ID.get(id));
  }

  // The rest of the figures while nothing else is to be done, so that a print has all of them.
  function drawRest(ids) {
    const later = window.requestIdleCallback ?? ((work) => setTimeout(work, 60));
    const next = ids.find((id) => !drawn.has(id));
    if (next === undefined) return;
    later(() => {
      if (plotOf(next)) draw(BY_ID.get(next));
      drawRest(ids.slice(ids.indexOf(next) + 1));
    });
  }

  function print(printing) {
    if (state.printing === printing) return;
    state.printing = printing;
    for (const exhibit of CONTENT.exhibits) if (printing || drawn.has(exhibit.id)) draw(exhibit);
  }

  function start(onPick) {
    state.onPick = onPick;
    const exhibits = [...document.querySelectorAll('.exhibit')];
    if (!exhibits.length) return;
    for (const wait of document.querySelectorAll('.plot > .wait')) wait.textContent = '';
    const seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        seen.unobserve(target);
        loaded().then(() => draw(BY_ID.get(target.dataset.exhibit)), fail);
      }
    }, { rootMargin: '300px' });
    exhibits.forEach((exhibit) => seen.observe(exhibit));
    const resized = new ResizeObserver((entries) => {
      for (const { target } of entries) {
        const id = target.closest('.exhibit').dataset.exhibit, known = drawn.get(id);
        if (known && !state.printing && Math.abs(known.width - target.clientWidth) > 1) draw(BY_ID.get(id));
      }
    });
    document.querySelectorAll('.plot').forEach((plot) => resized.observe(plot));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => state.printing || redrawAll());
    matchMedia('print').addEventListener('change', (event) => print(event.matches));
    addEventListener('beforeprint', () => print(true));
    addEventListener('afterprint', () => print(false));
    // After the first paint, which the sentences and the table are on.
    requestAnimationFrame(() => setTimeout(() => {
      loaded().then(() => setTimeout(() => drawRest(CONTENT.exhibits.map((each) => each.id)), 300), fail);
    }, 0));
  }

  function choose(chosen) {
    state.chosen = chosen;
    outline();
  }

  return { start, choose, byId: BY_ID };
})();
