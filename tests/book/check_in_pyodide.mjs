// Checks tasks in Pyodide under Node.js, as a page's worker does.
//
// Standard input: JSON with the folder of Pyodide, the archive of the course's modules, the file of
// checks, and tasks: [task, cells] each. Standard output: JSON, what came of each.

import fs from "node:fs";
import { pathToFileURL } from "node:url";

// Node.js would print the whole line that threw: a megabyte of Pyodide.
process.on("uncaughtException", (error) => {
  console.error(error.message);
  process.exit(1);
});

const job = JSON.parse(fs.readFileSync(0, "utf8"));
const { loadPyodide } = await import(pathToFileURL(`${job.pyodide}/pyodide.mjs`).href);
const python = await loadPyodide({ indexURL: `${job.pyodide}/` });
await python.loadPackage("numpy", { messageCallback() {} });
const bytes = (path) => new Uint8Array(fs.readFileSync(path));
python.FS.mkdir("/course");
python.unpackArchive(bytes(job.modules), "zip", { extractDir: "/course" });
python.FS.writeFile("/course/checks.npz", bytes(job.checks));
python.runPython('import sys; sys.path.insert(0, "/course")');
const page = python.pyimport("autograder.student.page");
const results = job.tasks.map(([task, cells]) =>
  page
    .check_task(task, python.toPy(cells), "/course/checks.npz")
    .for_page()
    .toJs({ dict_converter: Object.fromEntries }),
);
process.stdout.write(JSON.stringify(results));
