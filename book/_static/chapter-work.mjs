// A reader's work on the tasks of one chapter: kept in this browser, put into the chapter's notebook
// and taken out of it, and checked by Python in a worker.

const chapters = new Map();

/** The work on a chapter; all cells of a page share it. */
export function chapterWork(settings) {
  const { chapter } = settings;
  if (!chapters.has(chapter)) chapters.set(chapter, new ChapterWork(settings));
  return chapters.get(chapter);
}

/** A cell's text; notebooks hold it whole or in lines. */
const text = (cell) => [cell.source].flat().join("");

const nbgrader = (cell) => cell.metadata?.nbgrader ?? {};

const isTask = (cell) => cell.cell_type === "code" && nbgrader(cell).solution === true;

/** The cell of a task: the course's own, or, if that is gone, the last that defines the function. */
export function cellOf(notebook, task) {
  const cells = notebook.cells.filter((cell) => cell.cell_type === "code");
  const defines = new RegExp(`^def ${task}\\(`, "m");
  return (
    cells.find((cell) => isTask(cell) && nbgrader(cell).grade_id === task) ??
    cells.findLast((cell) => defines.test(text(cell)))
  );
}

/** The code cells up to that of a task, each with whether the reader wrote it. */
export function cellsUpTo(notebook, released, task) {
  const last = cellOf(notebook, task);
  const ofCourse = new Set(released.cells.filter((cell) => !isTask(cell)).map(text));
  return notebook.cells
    .slice(0, notebook.cells.indexOf(last) + 1)
    .filter((cell) => cell.cell_type === "code" && !nbgrader(cell).grade)
    .map((cell) => [text(cell), isTask(cell) || !ofCourse.has(text(cell))]);
}

/** What a file holds. Throws where that is no notebook. */
function notebookOf(content) {
  try {
    const notebook = JSON.parse(content);
    if (notebook.cells.every((cell) => cell instanceof Object)) return notebook;
  } catch {
    // It is said below.
  }
  throw new Error("it is no notebook");
}

/** A new code cell at the end of a notebook whose own cell of a task is gone. */
function addedCell(notebook) {
  const cell = { cell_type: "code", id: `page-${notebook.cells.length}`, metadata: {}, source: "" };
  notebook.cells.push(cell);
  return cell;
}

class ChapterWork extends EventTarget {
  #settings;
  #released;
  #worker;
  #running;
  #memory = new Map(); // what the browser does not keep

  constructor(settings) {
    super();
    this.#settings = settings;
    window.addEventListener("storage", ({ key }) => {
      if (key === null || key.startsWith(this.#key(""))) this.#tell();
    });
  }

  #key = (name) => `course/${this.#settings.chapter}/${name}`;

  #tell() {
    this.dispatchEvent(new Event("change"));
  }

  #read(name) {
    if (this.#memory.has(name)) return this.#memory.get(name);
    try {
      return localStorage.getItem(this.#key(name)) ?? undefined;
    } catch {
      return undefined;
    }
  }

  #write(name, value) {
    try {
      localStorage.setItem(this.#key(name), value);
      this.#memory.delete(name);
    } catch {
      // The browser keeps nothing, or no more: the page does as long as it is open.
      this.#memory.set(name, value);
    }
  }

  /** Whether some of the work is lost when the page is closed. */
  get forgets() {
    return this.#memory.size > 0;
  }

  /** The reader's code of a task, or undefined. */
  code(task) {
    return this.#read(task);
  }

  keep(task, code) {
    this.#write(task, code);
  }

  /** The code with which tasks have passed, by their names. */
  get #passed() {
    try {
      return JSON.parse(this.#read("passed") ?? "{}");
    } catch {
      return {}; // another program's, or damaged
    }
  }

  /** Whether a task has passed: "yes", "with other code", or "no". */
  hasPassed(task) {
    const passed = this.#passed;
    if (!Object.hasOwn(passed, task)) return "no";
    return passed[task] === this.code(task) ? "yes" : "with other code";
  }

  /** Keep what came of a check of the code of a task. */
  keepVerdict(task, code, passed) {
    const { [task]: _, ...others } = this.#passed;
    this.#write("passed", JSON.stringify(passed ? { ...others, [task]: code } : others));
    window.dispatchEvent(new Event("course-progress"));
  }

  async #release() {
    const missing = (reason) => {
      throw new Error(`the chapter's notebook does not load. Is there a network? (${reason})`);
    };
    this.#released ??= fetch(this.#settings.notebook).then(
      (answer) => (answer.ok ? answer.text() : missing(answer.status)),
      ({ message }) => missing(message),
    );
    try {
      return JSON.parse(await this.#released);
    } catch (error) {
      this.#released = undefined; // the next try asks again
      throw error;
    }
  }

  /** The chapter's notebook, or the reader's own, with the code from the pages in it. */
  async notebook() {
    const released = await this.#release();
    const own = this.#read("notebook");
    const notebook = own ? JSON.parse(own) : structuredClone(released);
    for (const cell of released.cells.filter(isTask)) {
      const task = nbgrader(cell).grade_id;
      const code = this.code(task);
      if (code === undefined) continue;
      const place = cellOf(notebook, task) ?? addedCell(notebook);
      if (text(place) === code) continue;
      Object.assign(place, {
        source: code.split(/(?<=\n)/),
        outputs: [],
        execution_count: null,
      });
    }
    return { notebook, released };
  }

  /** Take a reader's notebook in place of what is kept; returns the names of its tasks. */
  async take(notebookText) {
    const released = await this.#release();
    const notebook = notebookOf(notebookText);
    const tasks = released.cells.filter(isTask).map((cell) => nbgrader(cell).grade_id);
    const there = tasks.filter((task) => cellOf(notebook, task));
    if (there.length === 0)
      throw new Error(`it has none of this chapter's tasks ${tasks.join(", ")}`);
    for (const cell of notebook.cells) if (cell.outputs) cell.outputs = [];
    this.#write("notebook", JSON.stringify(notebook));
    for (const task of there) this.keep(task, text(cellOf(notebook, task)));
    this.#tell();
    return there;
  }

  #start() {
    this.#worker = new Worker(this.#settings.worker, { type: "module" });
    const { pyodide, modules, checks, site } = this.#settings;
    this.#worker.postMessage({ start: { pyodide, modules, checks, site } });
  }

  get running() {
    return this.#running !== undefined;
  }

  /** Check a task; `ready` is called once Python is there. Returns null if `stop` comes first. */
  async check(task, ready) {
    if (this.running) throw new Error("another check is still running");
    const stopped = new Promise((resolve) => {
      this.#running = resolve;
    });
    const mine = this.#running;
    try {
      return await Promise.race([stopped, this.#answer(task, ready)]);
    } catch (error) {
      this.#end(); // the next check starts anew
      throw error;
    } finally {
      if (this.#running === mine) this.#running = undefined;
    }
  }

  async #answer(task, ready) {
    if (this.#worker) ready();
    else this.#start();
    const worker = this.#worker;
    const { notebook, released } = await this.notebook();
    const cells = cellsUpTo(notebook, released, task);
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => {
        if (data.stage) ready();
        else if (data.error) reject(new Error(data.error));
        else resolve(data.result);
      };
      worker.onerror = ({ message }) => reject(new Error(message ?? "no worker could start"));
      worker.postMessage({ task, cells, passed: Object.keys(this.#passed) });
    });
  }

  #end() {
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  /** End the check that is running, and Python with it. */
  stop() {
    this.#end();
    this.#running?.(null);
    this.#running = undefined;
  }
}
