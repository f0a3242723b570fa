// Python in a worker: checks the tasks of one chapter.
//
// The page first sends where Python, the course's modules and the chapter's checks are; then one
// message for each check. Answers are { stage }, { result } or { error }.

/** @type {Promise<(task: string, cells: [string, boolean][], passed: string[]) => object>} */
let checker;

async function fetched(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status} ${answer.statusText}`);
  return answer.arrayBuffer();
}

async function start({ pyodide, modules, checks, site }) {
  const files = Promise.all([fetched(modules), fetched(checks)]);
  const { loadPyodide } = await import(`${pyodide}pyodide.mjs`);
  // NumPy comes while Python starts.
  const python = await loadPyodide({ indexURL: pyodide, packages: ["numpy"] });
  const [archive, cases] = await files;
  const folder = "/course";
  python.FS.mkdir(folder);
  python.FS.chdir(folder);
  python.unpackArchive(archive, "zip", { extractDir: folder });
  python.FS.writeFile("checks.npz", new Uint8Array(cases));
  python.runPython(`import sys; sys.path.insert(0, "${folder}")`);
  const page = python.pyimport("autograder.student.page");
  return (task, cells, passed) => {
    const given = python.toPy({ cells, passed });
    const report = page.check_task.callKwargs(task, given.get("cells"), "checks.npz", {
      passed: given.get("passed"),
      site,
    });
    const result = report.for_page();
    const plain = result.toJs({ dict_converter: Object.fromEntries });
    for (const proxy of [given, report, result]) proxy.destroy();
    return plain;
  };
}

/** As `start`; what breaks off is told. Pyodide waits for ever for a file that does not come. */
function started(settings) {
  return new Promise((resolve, reject) => {
    self.onunhandledrejection = (event) => {
      event.preventDefault();
      reject(event.reason);
    };
    start(settings).then(resolve, reject);
  })
    .catch((error) => {
      throw new Error(`Python does not load. Is there a network? (${error.message ?? error})`);
    })
    .finally(() => {
      self.onunhandledrejection = null;
    });
}

self.onmessage = async ({ data }) => {
  try {
    if (data.start) {
      checker = started(data.start);
      await checker;
      self.postMessage({ stage: "ready" });
    } else {
      const check = await checker;
      self.postMessage({ result: check(data.task, data.cells, data.passed) });
    }
  } catch (error) {
    self.postMessage({ error: String(error.message ?? error) });
  }
};
