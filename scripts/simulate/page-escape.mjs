// Page: text that means nothing to HTML, SVG or a script, whatever is in it.

/** @type {Record<string, string>} */
const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** @param {string} text */
export function escapeHtml(text) {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/**
 * JSON that can stand in a script element: nothing in it ends the element or begins a comment.
 *
 * @param {unknown} value
 */
export function escapeJson(value) {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
