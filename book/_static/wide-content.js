// Lets the keyboard scroll what is wider than the page, such as a long formula on a phone.

const WIDE = "mjx-container[display], .bd-article .output, .bd-article .pst-scrollable-table-container";

function addTabStops() {
  for (const one of document.querySelectorAll(WIDE)) {
    const scrolls = ["auto", "scroll"].includes(getComputedStyle(one).overflowX);
    if (scrolls && one.scrollWidth > one.clientWidth) one.tabIndex = 0;
    else one.removeAttribute("tabindex");
  }
}

// The page changes its height when formulas are set, when blocks unfold and when it is resized.
new ResizeObserver(addTabStops).observe(document.body);
