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
    const typing = event.composedPath().some((node) => node.matches && node.matches(
      'input, textarea, [role="slider"], [role="combobox"], [role="radiogroup"]'
      + (data.verdicts ? ', [role="dialog"]' : '')));
    if (typing || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'ArrowLeft') go(data.before);
    else if (event.key === 'ArrowRight') go(data.after);
    else if (data.verdicts && data.verdicts.includes(event.key.toLowerCase())) {
      setTriggerValue('verdict', event.key.toLowerCase() + ' ' + data.id);
    } else return;
    if (data.verdicts) event.preventDefault();
  };
  // This runs again whenever the data change, and the one before must not answer too.
  document.removeEventListener('keydown', parentElement.onStepKey);
  parentElement.onStepKey = onKey;
  document.addEventListener('keydown', onKey);
  return () => document.removeEventListener('keydown', onKey);
}
"""
