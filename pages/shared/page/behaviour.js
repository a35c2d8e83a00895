// What a page does in the browser and Streamlit has no setting for. Mounted once, at the end of each page.

// The address of a page that was opened without one is completed in place: that is no step of the history.
function completeAddress(data) {
  const last = location.pathname.split('/').filter(Boolean).pop() ?? '';
  const here = data.pages.includes(last) ? last : '';
  if (here !== data.page) return;
  const said = (search) => [...new URLSearchParams(search)].map((pair) => pair.join('=')).sort().join('&');
  if (said(location.search) !== said(data.query)) {
    history.replaceState(history.state, '', location.pathname + (data.query ? '?' + data.query : '') + location.hash);
  }
}

export default function(component) {
  completeAddress(component.data);
}
