// How a figure looks here: in the colours of the page, at a width, its title outside, its names with room for the plot.

const Fitting = (() => {
  const SANS = 'Source Sans, Helvetica Neue, Helvetica, Arial, sans-serif';
  // A sign of a label, and a number under an axis, in pixels; the share of a figure that labels may have.
  const SIGN = 5.9, NUMBER = 34, LABELS = 0.42;
  // Contrast of texts to the paper (WCAG 2.2, 1.4.3).
  const CONTRAST = 4.5;

  function palette(printing) {
    const style = getComputedStyle(document.documentElement);
    const of = (key, light) => (printing ? light : style.getPropertyValue(key).trim()) || light;
    return {
      ink: of('--ink', '#1D2733'), muted: of('--muted', '#4C535B'), panel: of('--panel', '#F3F1EB'),
      paper: of('--paper', '#FFFFFF'), rule: 'rgba(128, 128, 128, 0.25)',
    };
  }

  function template({ ink, muted, panel, rule }) {
    const clear = 'rgba(0,0,0,0)', quiet = { color: muted };
    const lines = {
      gridcolor: rule, linecolor: rule, zerolinecolor: rule, tickfont: quiet,
      title: { font: { color: muted, size: 12 }, standoff: 6 },
    };
    return { layout: {
      font: { family: SANS, size: 12, color: ink }, paper_bgcolor: clear, plot_bgcolor: clear,
      xaxis: lines, yaxis: lines, legend: { font: { color: ink } }, coloraxis: { colorbar: { tickfont: quiet } },
      polar: { bgcolor: clear, angularaxis: lines, radialaxis: lines },
      hoverlabel: { font: { family: SANS, size: 12, color: ink }, bgcolor: panel, bordercolor: muted },
    }, data: { heatmap: [{ colorbar: { tickfont: quiet } }], bar: [{ marker: { line: { width: 0 } } }] } };
  }

  const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

  function luminance(hex) {
    const [red, green, blue] = channels(hex).map((each) => each / 255)
      .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  // A model's colour as that of a text: mixed with ink until it can be read on the paper.
  function legible(hex, { ink, paper }) {
    if (![hex, ink, paper].every((each) => /^#[0-9a-f]{6}$/i.test(each))) return hex;
    const [from, to] = [channels(hex), channels(ink)], under = luminance(paper);
    for (let share = 0; share < 1; share += 0.1) {
      const mixed = from.map((each, at) => Math.round(each + share * (to[at] - each)).toString(16).padStart(2, '0'));
      const [low, high] = [luminance(`#${mixed.join('')}`), under].sort((one, other) => one - other);
      if ((high + 0.05) / (low + 0.05) >= CONTRAST) return `#${mixed.join('')}`;
    }
    return ink;
  }

  // A text of Plotly's, which has four letters for one sign of it, cut to some signs.
  function cut(words, most) {
    const plain = String(words).replaceAll('&lt;', '<');
    const signs = [...plain];
    if (signs.length <= most || /<(b|br|span|i|sup|sub)\b/.test(plain)) return words;
    return (signs.slice(0, Math.max(most - 1, 3)).join('').trimEnd() + '…').replaceAll('<', '&lt;');
  }

  // Names of columns that would run into each other are turned, and numbers under an axis are fewer.
  function columns(layout, margin, width) {
    const names = (layout.xaxis?.ticktext ?? []).map(String), numbers = layout.xaxis?.tickvals ?? [];
    const every = Math.ceil((numbers.length * NUMBER) / Math.max(width - margin.l - margin.r, NUMBER));
    if (!names.length && every > 1) {
      layout.xaxis = { ...layout.xaxis, tickvals: numbers.filter((_, at) => at % every === 0) };
    }
    const needed = names.reduce((sum, each) => sum + SIGN * each.length + 6, 0);
    if (!names.length || layout.xaxis.tickangle || needed < (width - margin.l - margin.r) * 0.95) return;
    const more = Math.min(SIGN * Math.max(...names.map((each) => each.length)), 90);
    layout.xaxis = { ...layout.xaxis, tickangle: -60 };
    layout.height = (layout.height ?? 400) + more;
    margin.b += more;
  }

  // Names of rows, be they of an axis, of bars or written beside them, are cut to the room that they have.
  function rows(data, layout, margin, room) {
    const most = Math.floor((room - 22) / SIGN);
    for (const axis of Object.keys(layout).filter((key) => key.startsWith('yaxis'))) {
      const ticks = layout[axis].ticktext;
      if (Array.isArray(ticks)) layout[axis].ticktext = ticks.map((each) => cut(each, most));
    }
    const isNamed = (trace) => trace.orientation === 'h' && trace.y?.some((row) => typeof row === 'string');
    const names = [...new Set(data.filter(isNamed).flatMap((trace) => trace.y))];
    const ticktext = names.map((row) => cut(row, most));
    if (names.length) {
      layout.yaxis = { ...layout.yaxis, tickmode: 'array', tickvals: names, ticktext, automargin: false };
      margin.l = 22 + Math.round(SIGN * Math.max(...ticktext.map((each) => each.length)));
      margin.autoexpand = false;
    }
    for (const each of layout.annotations ?? []) {
      if (each.xref === 'paper' && each.x === 0 && each.xanchor === 'right') each.text = cut(each.text, most);
    }
    margin.l = Math.min(margin.l, room);
  }

  // A figure's data and layout at a width, without what is above its plot.
  function prepared(figure, width, above, printing) {
    const { data, layout } = structuredClone({ data: figure.data ?? [], layout: figure.layout ?? {} });
    const colours = palette(printing);
    const margin = { l: 60, r: 16, t: 58, b: 48, ...layout.margin };
    if (above) {
      layout.height = (layout.height ?? 400) - above;
      margin.t = Math.max(margin.t - above, 8);
      delete layout.title;
    }
    rows(data, layout, margin, Math.max(Math.round(width * LABELS), 90));
    columns(layout, margin, width);
    for (const trace of data) if (trace.name) trace.name = cut(trace.name, Math.floor((width - 90) / SIGN));
    for (const each of layout.annotations ?? []) {
      if (each.xref === 'paper' && each.font?.color) each.font.color = legible(each.font.color, colours);
    }
    Object.assign(layout, { margin, template: template(colours), width, autosize: false, dragmode: false });
    // All of a cell is clicked, not its middle only.
    if (data.some((trace) => trace.type === 'heatmap')) layout.hoverdistance = -1;
    if (width < 480) layout.legend = { ...layout.legend, orientation: 'v' };
    return { data, layout };
  }

  return { prepared };
})();
