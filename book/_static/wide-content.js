// What is wider than its place: the keyboard can scroll it, and its end fades out while more follows.
// And what may use the right third of a large screen: there, the theme folds the contents of the
// page away while one of the classes below is in view.

const WIDE =
  "mjx-container[display], .bd-article pre, .bd-article .output, .wide-table, .pst-scrollable-table-container";

for (const figure of document.querySelectorAll(
  ".bd-article :is(section, .cell_output) > figure:not(.filter-at-work)",
)) {
  figure.classList.add(figure.matches(".live-figure") ? "full-width" : "margin-caption");
}

function showEnd({ currentTarget: content }) {
  const rest = content.scrollWidth - content.clientWidth - content.scrollLeft;
  content.classList.toggle("continues-right", rest > 1);
}

function findWideContent() {
  for (const content of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(WIDE))) {
    const scrolls = ["auto", "scroll"].includes(getComputedStyle(content).overflowX);
    if (scrolls && content.scrollWidth > content.clientWidth) {
      content.tabIndex = 0;
      content.addEventListener("scroll", showEnd, { passive: true });
      showEnd({ currentTarget: content });
    } else {
      content.removeAttribute("tabindex");
      content.classList.remove("continues-right");
    }
  }
}

// The page changes its height when blocks unfold and when it is resized.
new ResizeObserver(findWideContent).observe(document.body);
