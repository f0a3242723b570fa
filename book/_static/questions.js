// Questions that are answered on the page (book/extensions/questions.py). What a reader has answered
// is kept in this browser. Whatever form a number has, only its value counts.

const BARE = /^\d*\.?\d+$|^\d+\.$/;
const NUMERAL = String.raw`[+-]?(?:\d[\d.,]*|[.,]\d+)(?:e[+-]?\d+)?`;
const NUMERALS = new RegExp(
  String.raw`^[^\d\p{No}.,+-]*(${NUMERAL}(?:[*/^]${NUMERAL})*)(%?)[^\d\p{No}]*$`,
  "iu",
);

const WORDS = {
  "(?:zero|none|nothing)": "0",
  "(?:an?|one)? ?half": "1/2",
  "(?:an?|one)? ?third": "1/3",
  "(?:an?|one)? ?quarter": "1/4",
};

/** The value of a numeral where the decimal sign is `point`: NaN if it cannot be one. */
function valueOfNumeral(numeral, point) {
  const [, sign, digits, exponent = "0"] = numeral.match(/^([+-]?)([\d.,]*)(?:e(.*))?$/i);
  const group = point === "." ? "," : ".";
  const grouped = new RegExp(`^\\d{1,3}(\\${group}\\d{3})+(?=\\${point}|$)`);
  const plain = digits.replace(grouped, (whole) => whole.replaceAll(group, ""));
  const bare = plain.replace(point, ".");
  if (plain.includes(group) || !BARE.test(bare)) return Number.NaN;
  return Number(`${sign}${bare}e${exponent}`);
}

/** What a text may mean as a number: 1.234 is read as 1234, too, and 25 % as 25 and as 0.25. */
function numbersInText(text) {
  let plain = text.toLowerCase();
  for (const [word, value] of Object.entries(WORDS))
    plain = plain.replace(new RegExp(`\\b${word}\\b`), value);
  plain = plain
    .replace(/[−–—]/g, "-")
    .replace(/(?<!\d\s*)\p{No}/gu, (sign) => sign.normalize("NFKC").replace("⁄", "/"))
    .replace(/(?<=\d)[\s'’](?=\d{3}(?!\d))/g, "")
    .replace(/\*\*/g, "^")
    .replace(/\s*([·×*÷/:^])\s*/g, "$1")
    .replace(/[·×]|(?<=\d)x(?=\d)/g, "*")
    .replace(/[÷:]/g, "/")
    .replace(/(?<=[+-])\s+(?=[\d.,])|(?<=\d)\s+(?=%)/g, "");
  const [, product, percent] = plain.match(NUMERALS) ?? [];
  if (!product) return [];
  const values = [".", ","].map((point) =>
    product.split(/(?=[*/])/).reduce((sofar, factor) => {
      const [base, power = 1] = factor
        .replace(/^[*/]/, "")
        .split("^")
        .map((numeral) => valueOfNumeral(numeral, point));
      return factor[0] === "/" ? sofar / base ** power : sofar * base ** power;
    }, 1),
  );
  const readings = values.filter((value) => !Number.isNaN(value));
  return percent ? [...readings, ...readings.map((value) => value / 100)] : readings;
}

/** A text without what makes no difference: case, articles, signs, spaces. */
const essence = (text) =>
  text
    .toLowerCase()
    .replace(/\b(the|an?)\s+/g, "")
    .replace(/[^\p{L}\p{N}]/gu, "");

/** A place for an answer: what has been given, and what to say to it. */
class AnswerPlace {
  constructor(element) {
    this.element = element;
    this.kind = element.dataset.kind;
    this.verdict = element.querySelector(".answer-verdict");
    this.field = element.querySelector(".answer-field input");
    this.fields = [...element.querySelectorAll("input")];
    this.answers = [...element.querySelectorAll(".possible-answer")].map((answer) => ({
      value: JSON.parse(answer.dataset.value),
      right: "right" in answer.dataset,
      feedback: answer.querySelector(".answer-feedback"),
    }));
    element.querySelector(".answer-field")?.removeAttribute("hidden");
    element.addEventListener("input", () => this.say(null));
  }

  get given() {
    if (this.kind !== "choice") return this.field.value.trim();
    return this.answers.find((_, n) => this.fields[n].checked)?.value ?? "";
  }

  set given(given) {
    if (this.kind !== "choice") this.field.value = given;
    else
      for (const [n, { value }] of this.answers.entries()) this.fields[n].checked = value === given;
  }

  judge() {
    const { given } = this;
    if (given === "") return { words: "Nothing is answered here yet." };
    if (this.kind === "number") return this.judgeNumber(given);
    const same = this.kind === "choice" ? (text) => text : essence;
    const answer = this.answers.find(({ value }) => same(value) === same(given));
    if (answer) return answer;
    return { words: "These words are not known here. Compare them with the answer below." };
  }

  judgeNumber(given) {
    const pieces = given.split(/\s*;\s*|,\s+|\s+(?:and|or)\s+/).map(numbersInText);
    if (pieces.some((values) => values.length === 0))
      return { words: "This cannot be read as a number. Write it as 12, 0.5, 1/3 or 2e9." };
    const tolerance = Number(this.element.dataset.tolerance);
    const near = (value, other) =>
      Math.abs(value - other) <= tolerance + 1e-9 * Math.max(1e-9, Math.abs(other));
    const fits = (answer, change) =>
      pieces.some((values) => values.some((value) => near(change(value), answer.value)));
    const right = this.answers.filter((answer) => answer.right);
    const all = pieces.every((values) =>
      right.some((answer) => values.some((value) => near(value, answer.value))),
    );
    if (all) return right.find((answer) => fits(answer, (value) => value));
    const mistake = this.answers.find((answer) => !answer.right && fits(answer, (value) => value));
    if (mistake) return mistake;
    if (right.some((answer) => fits(answer, (value) => -value)))
      return { right: false, words: "The size is right, and the sign is not." };
    return { right: false };
  }

  /** Show a verdict, or none; it is read out, since its place is a live region. */
  say(verdict) {
    const { right, words, feedback } = verdict ?? {};
    const state = right === undefined ? "" : String(right);
    this.element.dataset.right = state;
    for (const field of this.fields)
      if (right === false) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    this.verdict.replaceChildren();
    if (!verdict) return;
    const line = document.createElement("p");
    const title = { true: "✔ Right.", false: "✗ Not yet.", "": "" }[state];
    const more = words ?? (feedback || right ? "" : "Try again, or open the answer below.");
    const strong = document.createElement("strong");
    strong.textContent = title;
    line.append(...(title ? [strong, ` ${more}`] : [more]));
    this.verdict.append(line);
    if (!feedback) return;
    const blocks = [...feedback.cloneNode(true).childNodes];
    const first = blocks.find((block) => block instanceof HTMLParagraphElement);
    if (first) line.append(...first.childNodes);
    this.verdict.append(...blocks.filter((block) => block !== first));
  }
}

/** What is kept of a question; nothing where the browser keeps nothing. */
function keptAnswers(key) {
  try {
    const answers = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(answers) ? answers.map(String) : [];
  } catch {
    return [];
  }
}

function keepAnswers(key, given) {
  try {
    localStorage.setItem(key, JSON.stringify(given));
  } catch {
    // The browser keeps nothing, or no more: the page does as long as it is open.
  }
}

function openQuestion(/** @type {HTMLFormElement} */ form) {
  const key = `course-questions/${form.dataset.key}`;
  const places = [...form.querySelectorAll(".answer-place")].map((place) => new AnswerPlace(place));
  form.querySelector(".answer-check").removeAttribute("hidden");
  const answers = keptAnswers(key);
  for (const [n, place] of places.entries()) {
    if (!answers[n]) continue;
    place.given = answers[n];
    place.say(place.judge());
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const verdicts = places.map((place) => place.judge());
    for (const [n, place] of places.entries()) place.say(verdicts[n]);
    keepAnswers(
      key,
      places.map(({ given }) => given),
    );
    if (verdicts.every(({ right }) => right)) form.querySelector("details").open = true;
  });
}

for (const form of document.querySelectorAll("form.question"))
  openQuestion(/** @type {HTMLFormElement} */ (form));
