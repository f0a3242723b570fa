// The editor of a task on a page: CodeMirror with what Python needs.
//
// `npm run bundle` makes book/_static/code-editor.js from this file and the packages it imports; a
// test compares.

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { pythonLanguage } from "@codemirror/lang-python";
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const ink = (name) => `var(--course-${name})`;

const inks = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: ink("link") },
  { tag: [tags.string, tags.special(tags.string)], color: ink("good") },
  { tag: [tags.number, tags.bool, tags.null], color: ink("code") },
  { tag: tags.comment, color: ink("quiet"), fontStyle: "italic" },
  { tag: tags.function(tags.definition(tags.variableName)), fontWeight: "600" },
]);

const look = EditorView.theme({
  "&": { backgroundColor: ink("raised"), color: ink("text"), fontSize: "0.875rem" },
  ".cm-content": { caretColor: ink("text"), fontFamily: "var(--pst-font-family-monospace)" },
  ".cm-gutters": { backgroundColor: ink("raised"), color: ink("quiet"), border: "none" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: ink("mark") },
});

/** An editor in `parent`; `changed` is called with the code after each change of the reader's. */
export function codeEditor({ parent, code, label, changed, check }) {
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: code,
      extensions: [
        lineNumbers(),
        history(),
        indentOnInput(),
        bracketMatching(),
        indentUnit.of("    "),
        pythonLanguage,
        syntaxHighlighting(inks),
        look,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": label }),
        keymap.of([
          { key: "Shift-Enter", run: check },
          { key: "Mod-Enter", run: check },
          ...defaultKeymap,
          ...historyKeymap,
          indentWithTab, // Escape, then Tab leaves the editor
        ]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) changed(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    get code() {
      return view.state.doc.toString();
    },
    set code(text) {
      if (text !== this.code) {
        view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
      }
    },
  };
}
