// A live figure and its model: what changes it, what shows it, where the keys lead.

/**
 * The part of a widget's model that a figure may use.
 *
 * @typedef {object} Model
 * @property {(name: string) => any} get
 * @property {(name: string, value: any) => void} set
 * @property {() => void} save_changes
 * @property {(event: string, callback: () => void) => void} on
 * @property {(event: string, callback: () => void) => void} off
 */

/** @typedef {{ model: Model, el: HTMLElement }} Stage what a figure is given to appear */

/**
 * Call `callback` when one of the named values changes. Returns what ends that.
 *
 * @param {Model} model
 * @param {string[]} names
 * @param {() => void} callback
 */
export function watch(model, names, callback) {
  for (const name of names) model.on(`change:${name}`, callback);
  return () => {
    for (const name of names) model.off(`change:${name}`, callback);
  };
}

/**
 * Change a model and save it.
 *
 * @param {Model} model
 * @param {Record<string, any>} changes
 */
export function save(model, changes) {
  for (const [name, value] of Object.entries(changes)) model.set(name, value);
  model.save_changes();
}

/**
 * Change a model and show it, once for all changes before the next frame: `put` changes and saves,
 * `schedule` only shows, `stop` takes back what has not been shown.
 *
 * @param {Model} model
 * @param {() => void} show
 */
export function onceAFrame(model, show) {
  let scheduled = 0;
  let unsaved = false;
  const schedule = () => {
    scheduled ||= requestAnimationFrame(() => {
      scheduled = 0;
      if (unsaved) model.save_changes();
      unsaved = false;
      show();
    });
  };
  const put = (/** @type {Record<string, any>} */ changes) => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    unsaved = true;
    schedule();
  };
  return { put, schedule, stop: () => cancelAnimationFrame(scheduled) };
}

/**
 * Where the arrow keys, Home and End lead from a place in a grid, as [row, column].
 *
 * @param {number} row
 * @param {number} column
 * @param {number} last the last column
 * @returns {Record<string, number[]>}
 */
export function gridMoves(row, column, last, step = 1) {
  return {
    ArrowUp: [row - step, column],
    ArrowDown: [row + step, column],
    ArrowLeft: [row, column - step],
    ArrowRight: [row, column + step],
    Home: [row, 0],
    End: [row, last],
  };
}

/**
 * What `moves` has for a key without Ctrl, Alt or Meta, which the page then does not get; else
 * undefined.
 *
 * @template Move
 * @param {KeyboardEvent} event
 * @param {Record<string, Move>} moves
 * @returns {Move | undefined}
 */
export function moveFor(event, moves) {
  if (event.ctrlKey || event.altKey || event.metaKey || !(event.key in moves)) return undefined;
  event.preventDefault();
  event.stopPropagation();
  return moves[event.key];
}
