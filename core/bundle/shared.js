'use strict';
// What the page holds, and how its elements are made.

const CONTENT = JSON.parse(document.getElementById('oc-content').textContent);
const SETTINGS = JSON.parse(document.getElementById('oc-settings').textContent);

// Signs that cannot be seen, as those that turn the direction of writing, are spaces.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]/gu;
const clean = (words) => String(words ?? '').replace(UNSEEN, ' ');

// An element with attributes and children; texts are texts, never markup.
function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (![null, undefined, false].includes(value)) made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children.filter((child) => child !== null && child !== ''));
  return made;
}
