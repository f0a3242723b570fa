// What goes to paper is light and whole: the theme is set back, what is folded opens, and pictures
// that nobody has scrolled to yet are loaded.

/** @type {(() => void)[]} what turns the page back into what it was on the screen */
let restore = [];

function prepare() {
  const { dataset } = document.documentElement;
  const { theme } = dataset;
  dataset.theme = "light";
  restore.push(() => {
    dataset.theme = theme;
  });
  for (const folded of /** @type {NodeListOf<HTMLDetailsElement>} */ (
    document.querySelectorAll(".bd-article details:not([open], .hide)")
  )) {
    folded.open = true;
    restore.push(() => {
      folded.open = false;
    });
  }
  for (const answer of document.querySelectorAll(".bd-article .toggle-hidden")) {
    answer.classList.remove("toggle-hidden");
    restore.push(() => answer.classList.add("toggle-hidden"));
  }
  for (const picture of document.images) picture.loading = "eager";
}

addEventListener("beforeprint", prepare);
addEventListener("afterprint", () => {
  for (const step of restore) step();
  restore = [];
});
