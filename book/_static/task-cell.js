// A task in the page: an editor, and the course's own check, in the reader's browser.
//
// <task-cell> holds what stands there without a script, or on a page from a file: the function as
// the exercise hands it out, and the way to the download. Its settings are JSON: the addresses of
// all that is loaded here, and that once it is needed.

const taskButtons = {
  check: "Check",
  stop: "Stop",
  restart: "Start over",
  download: "Download notebook",
  upload: "Upload notebook",
};

const NOT_KEPT =
  "This browser keeps nothing of this page: download the notebook before you close it.";

const PATIENCE = 20_000; // milliseconds until a page says what can be done about slow loading

const ELEMENTS_OF_REPORTS = new Set(
  "DIV SPAN STRONG EM CODE PRE P UL OL LI BR A DETAILS SUMMARY".split(" "),
);
const ATTRIBUTES_OF_REPORTS = new Set(["style", "class", "aria-hidden"]);

/** A report's elements; nothing in it runs, whoever wrote the code that it is about. */
function reportElements(html) {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  for (const element of body.querySelectorAll("*")) {
    if (!ELEMENTS_OF_REPORTS.has(element.tagName)) {
      element.remove();
      continue;
    }
    for (const { name, value } of [...element.attributes]) {
      const link = name === "href" && /^(https?:|[\w./#-]*$)/.test(value);
      if (!ATTRIBUTES_OF_REPORTS.has(name) && !link) element.removeAttribute(name);
    }
  }
  return [...body.childNodes];
}

function taskElement(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

class TaskCell extends HTMLElement {
  connectedCallback() {
    if (this.settings || location.protocol === "file:") return;
    this.settings = JSON.parse(this.querySelector("script").textContent);
    this.task = this.settings.task;
    for (const name of ["work", "editor", "worker", "modules", "checks", "notebook", "pyodide"])
      this.settings[name] = new URL(this.settings[name], document.baseURI).href;
    new IntersectionObserver(
      (entries, observer) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        observer.disconnect();
        this.open().catch((error) => console.error(error)); // the stub and its download stay
      },
      { rootMargin: "600px" },
    ).observe(this);
  }

  async open() {
    const { chapterWork } = await import(this.settings.work);
    const { codeEditor } = await import(this.settings.editor);
    const stub = this.querySelector(".task-cell-stub");
    this.stub = stub.querySelector("pre").textContent.trimEnd();
    this.work = chapterWork(this.settings);
    const place = taskElement("div", { className: "task-cell-editor" });
    this.state = taskElement("p", { className: "task-cell-state", role: "status" });
    this.state.textContent = this.settings.note;
    this.answer = taskElement("div", { className: "task-cell-answer" });
    stub.replaceWith(place);
    this.querySelector(".task-cell-download")?.remove();
    this.mark = taskElement("span", { className: "task-cell-mark" });
    this.querySelector(".task-cell-title").append(this.mark);
    place.after(this.buttonRow(), this.state, this.answer);
    this.editor = codeEditor({
      parent: place,
      code: this.work.code(this.task) ?? this.stub,
      label: `Your code for ${this.task}. Escape, then Tab leaves the editor.`,
      changed: (code) => {
        // What another tab has kept is not kept again: a key pressed there meanwhile would be lost.
        if (!this.following) this.work.keep(this.task, code);
        if (this.work.forgets && this.state.textContent !== NOT_KEPT) this.say(NOT_KEPT);
        this.showMark();
      },
      check: () => {
        this.check();
        return true;
      },
    });
    this.work.addEventListener("change", () => {
      this.following = true;
      this.editor.code = this.work.code(this.task) ?? this.stub;
      this.following = false;
      this.showMark();
    });
    this.classList.add("task-cell-open");
    this.showMark();
  }

  /** Say whether the task has passed, also in words. */
  showMark() {
    const marks = {
      yes: "✔ passed",
      "with other code": "✔ passed before your last change",
      no: "",
    };
    const passed = this.work.hasPassed(this.task);
    this.mark.textContent = marks[passed];
    this.classList.toggle("task-cell-passed", passed === "yes");
  }

  buttonRow() {
    const file = taskElement("input", { type: "file", accept: ".ipynb", hidden: true });
    file.addEventListener("change", () => {
      if (file.files.length) this.take(file.files[0]);
      file.value = ""; // the same file may be chosen again
    });
    const actions = {
      check: () => this.check(),
      stop: () => this.work.stop(),
      restart: () => this.restart(),
      download: () => this.download(),
      upload: () => file.click(),
    };
    this.buttons = {};
    for (const [name, label] of Object.entries(taskButtons)) {
      const button = taskElement("button", { type: "button", textContent: label });
      button.addEventListener("click", () => {
        if (button.getAttribute("aria-disabled") !== "true") actions[name]();
      });
      this.buttons[name] = button;
    }
    this.allow({ check: true, stop: false });
    return taskElement(
      "div",
      { className: "task-cell-buttons" },
      ...Object.values(this.buttons),
      file,
    );
  }

  /** Not by `disabled`: a button would lose the focus. */
  allow(buttons) {
    for (const [name, allowed] of Object.entries(buttons))
      this.buttons[name].setAttribute("aria-disabled", String(!allowed));
  }

  say(words) {
    this.state.textContent = words;
  }

  async check() {
    if (this.work.running) {
      this.say("Another check is still running. Stop it first, or wait.");
      return;
    }
    this.answer.replaceChildren();
    const { code } = this.editor;
    this.say(this.settings.loading);
    const slow = setTimeout(() => {
      this.say(`${this.settings.loading} It is taking long. Stop ends it, and your code stays.`);
    }, PATIENCE);
    this.allow({ check: false, stop: true });
    try {
      const result = await this.work.check(this.task, () => {
        clearTimeout(slow);
        this.say("Checking …");
      });
      if (result) this.show(result, code);
      else this.say("Stopped. The next check starts Python again.");
    } catch (error) {
      this.say(`The check could not run: ${error.message}. Try again, or download the notebook.`);
    } finally {
      clearTimeout(slow);
      this.allow({ check: true, stop: false });
    }
  }

  show({ title, html, printed, passed }, code) {
    this.say(title);
    this.work.keepVerdict(this.task, code, passed);
    this.showMark();
    const output = printed && taskElement("pre", { tabIndex: 0, textContent: printed });
    const report = taskElement(
      "div",
      { className: "sample-feedback", tabIndex: 0 }, // it may scroll
      ...reportElements(html),
    );
    this.answer.replaceChildren(...(output ? [output] : []), report);
  }

  restart() {
    if (this.editor.code === this.stub && this.before !== undefined) {
      this.editor.code = this.before;
      this.say("Your code is back.");
      return;
    }
    this.before = this.editor.code;
    this.editor.code = this.stub;
    this.answer.replaceChildren();
    this.say("This is the function as you got it. Start over once more brings your code back.");
  }

  async download() {
    try {
      const { notebook } = await this.work.notebook();
      const blob = new Blob([`${JSON.stringify(notebook, null, 1)}\n`], {
        type: "application/x-ipynb+json",
      });
      const link = taskElement("a", {
        href: URL.createObjectURL(blob),
        download: `${this.settings.chapter}.ipynb`,
      });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      this.say(
        `${link.download} has your code of all its tasks in it: hand it in under this name.`,
      );
    } catch (error) {
      this.say(`Nothing to download yet: ${error.message}.`);
    }
  }

  async take(file) {
    try {
      const tasks = await this.work.take(await file.text());
      this.answer.replaceChildren();
      const lost = this.work.forgets ? ` ${NOT_KEPT}` : "";
      this.say(
        `Your code of ${tasks.join(", ")} is now that of ${file.name}. Undo in a task brings back what was there.${lost}`,
      );
    } catch (error) {
      this.say(`${file.name} was not taken: ${error.message}.`);
    }
  }
}

customElements.define("task-cell", TaskCell);
