// Lets the keyboard scroll what is wider than the page, such as a long formula on a phone.

const WIDE =
  "mjx-container[display], .bd-article .output, .bd-article .pst-scrollable-table-container";

function addTabStops() {
  for (const content of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(WIDE))) {
    const scrolls = ["auto", "scroll"].includes(getComputedStyle(content).overflowX);
    if (scrolls && content.scrollWidth > content.clientWidth) content.tabIndex = 0;
    else content.removeAttribute("tabindex");
  }
}

// The page changes its height when formulas are set, when blocks unfold and when it is resized.
new ResizeObserver(addTabStops).observe(document.body);
