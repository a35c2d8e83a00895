"""Previous and next, by button and by key: what the image drawer and the card of a mistake have in common.

A component made of these has a ``.bar`` with two buttons and a ``.count``. Its data: ``count`` (text), ``before`` and
``after`` (ids, or None), and for verdicts ``id`` and ``verdicts`` (keys). It triggers ``step`` with an id and
``verdict`` with a key and the id it was typed at; verdict keys are left to a dialog that is open.
"""

from __future__ import annotations

CSS = """
.bar {display: flex; gap: 8px; align-items: center; font-family: var(--st-font); color: var(--st-text-color);
  font-size: 14px; flex-wrap: wrap;}
button {font: inherit; color: inherit; background: var(--st-secondary-background-color); cursor: pointer;
  border: 1px solid var(--st-border-color); border-radius: 6px; padding: 3px 14px;}
button:focus-visible {outline: 3px solid var(--st-primary-color); outline-offset: 1px;}
button:disabled {opacity: 0.4; cursor: default;}
.count {font-feature-settings: "tnum";}
.hint {margin-left: auto; opacity: 0.62; font-size: 12.5px;}
kbd {font: inherit; border: 1px solid var(--st-border-color); border-radius: 4px; padding: 0 4px;}
"""
JS = """
export default function(component) {
  const { data, parentElement, setTriggerValue } = component;
  const bar = parentElement.querySelector('.bar');
  const [before, after] = bar.querySelectorAll('button');
  bar.querySelector('.count').textContent = data.count;
  before.disabled = !data.before;
  after.disabled = !data.after;
  const go = (id) => { if (id) setTriggerValue('step', id); };
  before.onclick = () => go(data.before);
  after.onclick = () => go(data.after);
  const onKey = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const path = event.composedPath().filter((node) => node.matches);
    const within = (selector) => path.some((node) => node.matches(selector));
    // Who types or moves a slider means that; who has just clicked a pill, a radio or a closed list means the images.
    const open = within('input[role="combobox"][aria-expanded="true"]');
    const types = within('textarea, [contenteditable="true"], [role="slider"], [role="application"]')
      || within('input:not([type="radio"]):not([type="checkbox"]):not([role="combobox"])');
    const inList = within('[role="combobox"]');
    if (open || types || (data.verdicts && within('[role="dialog"]'))) return;
    const key = event.key.toLowerCase();
    if (key === 'arrowleft') go(data.before);
    else if (key === 'arrowright') go(data.after);
    else if (!inList && data.verdicts && data.verdicts.includes(key)) setTriggerValue('verdict', key + ' ' + data.id);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  // This runs again whenever the data change, and the one before must not answer too. It listens before the page does:
  // a group of radios would take the arrows for itself.
  document.removeEventListener('keydown', parentElement.onStepKey, true);
  parentElement.onStepKey = onKey;
  document.addEventListener('keydown', onKey, true);
  return () => document.removeEventListener('keydown', onKey, true);
}
"""
