// An extension of JupyterLab as its loader expects one that is built: a container of modules, under
// the package's name. It needs none of JupyterLab's own modules, and so no bundler.

const downloadPlugin = {
  id: "course-download:plugin",
  autoStart: true,
  activate: (app) => {
    const context = () => app.shell.currentWidget?.context;
    app.commands.addCommand("course-download:download", {
      label: "Download",
      caption: "Save the notebook, and download it as a file to hand in",
      isEnabled: () => context() !== undefined,
      execute: async () => {
        await context().save();
        const { path } = context();
        const { content } = await app.serviceManager.contents.get(path, { content: true });
        const file = new Blob([JSON.stringify(content, null, 1)], { type: "application/json" });
        const link = document.createElement("a");
        link.href = URL.createObjectURL(file);
        link.download = path.split("/").at(-1);
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      },
    });
  },
};

/** @type {any} */ (window)._JUPYTERLAB["course-download"] = {
  init: () => {},
  get: async () => () => downloadPlugin,
};
