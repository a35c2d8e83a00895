// What a page does in the browser and Streamlit has no setting for. Mounted once, at the end of each page; listeners are
// put on the document once a visit.

const INK = '#1D2733';
// Pixels of saved figures; PNG has twice as many.
const SAVED_WIDTH = 720;

// --- the address -----------------------------------------------------------------------------------------------------

// The address of a page that was opened without its whole view is completed in place: that is no step of the history.
function completeAddress(data) {
  const last = location.pathname.split('/').filter(Boolean).pop() ?? '';
  const here = data.pages.includes(last) ? last : '';
  if (here !== data.page) return;
  const said = (search) => [...new URLSearchParams(search)].map((pair) => pair.join('=')).sort();
  const there = said(location.search), whole = said(data.query);
  // An address with more than the page knows of is a newer one, of which the page is still being drawn.
  if (!there.every((pair) => whole.includes(pair))) return;
  if (there.join('&') !== whole.join('&')) {
    history.replaceState(history.state, '', location.pathname + (data.query ? '?' + data.query : '') + location.hash);
  }
}

// --- where a click lands ---------------------------------------------------------------------------------------------

// What a click opened is brought into view where it is not beside the figures.
function land(cell) {
  if (!cell || cell === window.ocLanded) return void (window.ocLanded = cell);
  window.ocLanded = cell;
  const dock = document.querySelector('.st-key-oc-dock');
  if (!dock) return;
  const place = dock.getBoundingClientRect();
  if (place.top > window.innerHeight - 160 || place.bottom < 80) {
    dock.scrollIntoView({ behavior: 'smooth', block: 'start' });
  }
}

// What a link means is brought into view, and kept there while what is above it is still being drawn, until the reader
// moves. Once a visit of the page.
function landAt(at) {
  if (at === window.ocLandedAt) return;
  window.ocLandedAt = at;
  if (!at) return;
  const moves = ['wheel', 'touchstart', 'pointerdown', 'keydown'];
  let left = 12;
  const end = () => {
    clearInterval(timer);
    moves.forEach((name) => document.removeEventListener(name, end));
  };
  const timer = setInterval(() => {
    const place = document.querySelector(`.st-key-oc-at-${CSS.escape(at)}`);
    if (place && Math.abs(place.getBoundingClientRect().top) > 40) place.scrollIntoView({ block: 'start' });
    left -= document.querySelector('[data-test-script-state="running"]') ? 0 : 1;
    if (!left || at !== window.ocLandedAt) end();
  }, 250);
  moves.forEach((name) => document.addEventListener(name, end, { passive: true }));
}

// --- saving figures --------------------------------------------------------------------------------------------------

// Plotly is no global here. The chart's own button for saving calls it with whatever figure it is given; it is given a
// copy in dark ink on white, at one size, with the identities of its results.
function save(kind, key) {
  const chart = document.querySelector(`.st-key-oc-figure-${CSS.escape(key)} .js-plotly-plot`);
  const button = chart?._fullLayout?._modeBar?.buttons?.flat().find((each) => each.name === 'toImage');
  if (!button) return;
  const layout = JSON.parse(JSON.stringify(chart.layout));
  const caption = layout.meta?.caption;
  darken(layout);
  delete layout.template;
  delete layout.width;
  layout.autosize = false;
  layout.paper_bgcolor = layout.plot_bgcolor = '#FFFFFF';
  layout.font = { color: INK, family: 'Source Sans, Helvetica, Arial, sans-serif' };
  if (caption) {
    const below = layout.margin?.b ?? 40;
    layout.margin = { ...layout.margin, b: below + 22 };
    layout.height = (layout.height ?? 400) + 22;
    layout.annotations = [...(layout.annotations ?? []), {
      text: caption, x: 0, y: 0, xref: 'paper', yref: 'paper', xanchor: 'left', yanchor: 'bottom',
      yshift: -(below + 20), showarrow: false, font: { size: 10, color: '#5A6470' },
    }];
  }
  // A map is square: at the full width it needs more height.
  if (layout.yaxis?.scaleanchor) layout.height = 720;
  const height = layout.height ?? 400, scale = kind === 'png' ? 2 : 1;
  const options = { format: kind, filename: `offcenter-${key}`, width: SAVED_WIDTH, height, scale };
  const context = { ...chart._context, toImageButtonOptions: options, displayNotifier: false };
  button.click({ data: JSON.parse(JSON.stringify(chart.data)), layout, config: {}, _context: context });
}

// Colours that the page's theme gave to axes, legends and titles.
function darken(layout) {
  const visit = (node, key) => {
    if (!node || typeof node !== 'object') return;
    if (['tickfont', 'font', 'title_font'].includes(key)) node.color = INK;
    if (key.startsWith('polar')) node.bgcolor = '#FFFFFF';
    for (const [name, child] of Object.entries(node)) if (name !== 'template' && name !== 'annotations') visit(child, name);
  };
  visit(layout, '');
}

// --- figures by keyboard ---------------------------------------------------------------------------------------------

// Points of a chart that can be clicked, with their places on the screen.
function pointsOf(chart) {
  const found = [];
  for (const node of chart.querySelectorAll('.points > path.point, .bars .point > path')) {
    const datum = node.__data__ ?? node.parentNode.__data__;
    const group = node.closest('.trace')?.__data__;
    const trace = (group?.[0] ?? datum)?.trace;
    const index = datum?.i;
    const custom = trace && chart.data[trace.index]?.customdata?.[index];
    if (!custom) continue;
    const box = node.getBoundingClientRect();
    const bar = node.closest('.bars') !== null;
    found.push({
      x: bar ? box.left : box.left + box.width / 2, y: box.top + box.height / 2, box, trace: trace.index, index, custom,
      text: [chart.data[trace.index].hovertext].flat()[index] ?? '',
    });
  }
  return found;
}

// The nearest point in a direction; what is off to the side counts more.
function next(points, from, key) {
  const sideways = key === 'ArrowLeft' || key === 'ArrowRight';
  const sign = key === 'ArrowRight' || key === 'ArrowDown' ? 1 : -1;
  let best = null, least = Infinity;
  for (const each of points) {
    const along = sign * (sideways ? each.x - from.x : each.y - from.y);
    const aside = Math.abs(sideways ? each.y - from.y : each.x - from.x);
    if (along > 0.5 && along + 3 * aside < least) { least = along + 3 * aside; best = each; }
  }
  return best;
}

function mark(chart, point) {
  const frame = chart.parentElement;
  let ring = frame.querySelector('.oc-cursor');
  if (!ring) {
    ring = document.createElement('div');
    ring.className = 'oc-cursor';
    ring.setAttribute('aria-live', 'polite');
    frame.style.position = 'relative';
    frame.append(ring);
  }
  const origin = frame.getBoundingClientRect();
  const width = Math.max(point.box.width, 14), height = Math.max(point.box.height, 14);
  Object.assign(ring.style, {
    left: `${point.box.left + point.box.width / 2 - origin.left - width / 2}px`,
    top: `${point.box.top + point.box.height / 2 - origin.top - height / 2}px`, width: `${width}px`, height: `${height}px`,
  });
  ring.textContent = point.text.replace(/<[^>]*>/g, ' ');
  chart.ocAt = { trace: point.trace, index: point.index };
}

function onChartKey(event) {
  const chart = event.currentTarget;
  if (!event.key.startsWith('Arrow') && event.key !== 'Enter' && event.key !== ' ') return;
  const points = pointsOf(chart);
  if (!points.length) return;
  event.preventDefault();
  event.stopPropagation();
  const at = points.find((each) => each.trace === chart.ocAt?.trace && each.index === chart.ocAt?.index);
  if (event.key === 'Enter' || event.key === ' ') {
    if (!at) return;
    const point = { curveNumber: at.trace, pointNumber: at.index, pointIndex: at.index, customdata: at.custom };
    chart.emit('plotly_selected', { points: [point] });
    return;
  }
  mark(chart, at ? next(points, at, event.key) ?? at : points[0]);
}

function reachCharts() {
  for (const chart of document.querySelectorAll('[data-testid="stMain"] .js-plotly-plot')) {
    if (chart.ocKeys) continue;
    chart.ocKeys = true;
    const title = (chart.layout?.title?.text ?? 'Figure').replace(/<br>.*/s, '');
    const clickable = (chart.data ?? []).some((trace) => trace.customdata);
    chart.setAttribute('role', clickable ? 'application' : 'img');
    chart.setAttribute('aria-label', clickable ? `${title}: arrow keys choose a point, Enter opens its images` : title);
    if (!clickable) continue;
    chart.tabIndex = 0;
    chart.addEventListener('keydown', onChartKey);
    chart.addEventListener('blur', () => chart.parentElement.querySelector('.oc-cursor')?.remove());
  }
}

// --- light and dark --------------------------------------------------------------------------------------------------

// Streamlit keeps the chosen theme by the path of the page that was loaded; all pages get it.
function chooseTheme(name, pages) {
  const last = location.pathname.split('/').filter(Boolean).pop() ?? '';
  const base = pages.includes(last) ? location.pathname.slice(0, location.pathname.lastIndexOf(last)) : location.pathname;
  for (const page of ['', ...pages]) localStorage.setItem(`stActiveTheme-${base}${page}-v2`, JSON.stringify(name));
  location.reload();
}

// Colours that differ by theme are written as light-dark(); what opens over the page hangs outside of the app.
function followTheme() {
  const app = document.querySelector('[data-testid="stApp"]');
  if (!app) return;
  const scheme = getComputedStyle(app).colorScheme;
  if (document.documentElement.style.colorScheme !== scheme) document.documentElement.style.colorScheme = scheme;
  for (const button of document.querySelectorAll('[data-oc-theme]')) {
    const chosen = JSON.parse(localStorage.getItem(`stActiveTheme-${location.pathname}-v2`) ?? '"System"');
    button.setAttribute('aria-pressed', String(button.dataset.ocTheme === chosen));
  }
}

// --- mounting --------------------------------------------------------------------------------------------------------

function once(pages) {
  if (window.ocReady) return;
  window.ocReady = true;
  document.addEventListener('click', (event) => {
    const button = event.target.closest?.('[data-oc-save]');
    if (button) save(button.dataset.ocSave, button.dataset.ocFigure);
    const theme = event.target.closest?.('[data-oc-theme]');
    if (theme) chooseTheme(theme.dataset.ocTheme, pages);
  });
  let waiting = 0;
  new MutationObserver(() => {
    if (!waiting) waiting = setTimeout(() => { waiting = 0; reachCharts(); followTheme(); }, 250);
  }).observe(document.body, { childList: true, subtree: true });
}

export default function(component) {
  once(component.data.pages);
  followTheme();
  completeAddress(component.data);
  land(component.data.cell);
  landAt(component.data.at);
  reachCharts();
}
