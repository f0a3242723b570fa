// What has passed in this browser, in the lists of pages and sections; and folded blocks that a
// link leads to, opened.

const root = new URL(document.documentElement.dataset.content_root ?? "./", document.baseURI);

/** The tasks that have passed on pages, by chapter. */
function passedTasks() {
  const chapters = {};
  try {
    for (const key of Object.keys(localStorage)) {
      const [, chapter] = key.match(/^course\/(\w+)\/passed$/) ?? [];
      if (chapter) chapters[chapter] = Object.keys(JSON.parse(localStorage.getItem(key)));
    }
  } catch {
    // The browser keeps nothing, or what it keeps is not ours: nothing has passed.
  }
  return chapters;
}

let tasksOfCourse;

/** How many tasks there are, and how many have passed, by page and by section. */
async function counts() {
  const passed = passedTasks();
  const places = new Map();
  if (!Object.values(passed).some((tasks) => tasks.length)) return places;
  tasksOfCourse ??= fetch(new URL("_static/tasks/tasks.json", root)).then((file) => file.json());
  for (const [chapter, tasks] of Object.entries(await tasksOfCourse))
    for (const [task, path] of Object.entries(tasks))
      for (const place of [path, path.split("#")[0]]) {
        const { href } = new URL(place, root);
        const [all, done] = places.get(href) ?? [0, 0];
        places.set(href, [all + 1, done + Number(passed[chapter]?.includes(task) ?? 0)]);
      }
  return places;
}

/** The mark behind a link: for the eye, and in words. */
function tick(all, done) {
  const mark = document.createElement("span");
  mark.className = "course-tick";
  const sign = document.createElement("span");
  sign.ariaHidden = "true";
  sign.textContent = done === all ? "✔" : `${done}/${all}`;
  const words = document.createElement("span");
  words.className = "visually-hidden";
  words.textContent = ` (${done} of ${all} ${all === 1 ? "task" : "tasks"} passed)`;
  mark.append(sign, words);
  return mark;
}

async function showProgress() {
  const places = await counts();
  for (const old of document.querySelectorAll(".course-tick")) old.remove();
  const here = location.href.split("#")[0];
  /** @type {NodeListOf<HTMLAnchorElement>} */
  const links = document.querySelectorAll("nav.bd-links a, nav.page-toc a");
  for (const link of links) {
    const whole = link.closest(".bd-links") && link.getAttribute("href") === "#" ? here : link.href;
    const [all, done] = places.get(whole) ?? [0, 0];
    if (done) link.append(tick(all, done));
  }
}

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
}

const update = () => showProgress().catch((error) => console.error(error));
if (location.protocol !== "file:") update();
window.addEventListener("course-progress", update);
window.addEventListener("storage", update);
window.addEventListener("hashchange", openTarget);
openTarget();
