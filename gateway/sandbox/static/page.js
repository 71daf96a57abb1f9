// Sends each file to the sandbox and shows its verdict beside the lines of the file. Texts are set as text, never as markup.
"use strict";

const words = JSON.parse(document.body.dataset.words);
const language = document.body.dataset.lang;
const colon = language === "fr" ? " : " : ": ";
const around = 2;

function made(tag, text, classes) {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) element.textContent = text;
  if (classes) element.className = classes;
  return element;
}

function address(parameters) {
  const query = new URLSearchParams({ lang: language, summary: "1", ...parameters });
  const profile = document.getElementById("profile").value;
  if (profile) query.set("profile", profile);
  return "/validate?" + query;
}

async function ask(file, parameters) {
  const answer = await fetch(address({ name: file.name, ...parameters }), { method: "POST", body: file });
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer;
}

async function judge(file) {
  const article = made("article");
  article.append(made("h2", file.name), made("p", words.working, "dim"));
  document.getElementById("verdicts").prepend(article);
  try {
    const answer = await ask(file, { format: "json" });
    const [report] = await answer.json();
    const bytes = new Uint8Array(await file.arrayBuffer());
    show(article, file, bytes, report, answer.headers.get("Ecluse-Verdict"));
  } catch (error) {
    article.lastChild.replaceWith(made("p", words.failed + " " + error.message, "error"));
  }
}

function show(article, file, bytes, report, verdict) {
  article.lastChild.remove();
  const head = made("p");
  head.append(made("span", words[verdict], "verdict " + verdict));
  const kind = [report.document_type, report.profile].filter(Boolean).join(" — ");
  if (kind) head.append(" ", made("span", kind, "dim"));
  article.append(head);
  for (const note of report.notes || []) article.append(made("p", note, "dim"));
  article.append(tools(article, file, bytes, report));
  if ((report.layers || []).length) article.append(layers(report.layers));
  if (report.summary) article.append(summary(report.summary));
  article.append(made("h3", `${words.findings}${colon}${counted(report.findings)}`));
  const placed = report.findings.filter((one) => one.line > 0);
  for (const one of report.findings.filter((one) => one.line <= 0)) article.append(finding(one));
  if (placed.length) article.append(source(bytes, placed));
}

function several(number, severity) {
  const single = number === 1 || (number === 0 && language === "fr");
  return `${number} ${words[single ? severity : severity + "s"]}`;
}

function counted(findings) {
  const count = (severity) => findings.filter((one) => one.severity === severity).length;
  const said = ["error", "warning", "info"].filter(count).map((one) => several(count(one), one));
  return said.join(", ") || words.nothing;
}

function finding(one) {
  const box = made("div", null, "finding " + one.severity);
  const head = made("p", words[one.severity] + " ", "head");
  const rule = made("a", one.rule);
  rule.href = "/rules/" + encodeURIComponent(one.rule) + "?lang=" + language;
  head.append(rule, one.line > 0 ? ` — ${words.line} ${one.line}:${one.column}` : "");
  box.append(head);
  box.append(made("p", one.message));
  if (one.found || one.expected !== null) {
    const found = one.found === null ? words.absent : one.found;
    const said = [[words.found, found], [words.expected, one.expected]].filter(([, text]) => text);
    box.append(made("p", said.map(([word, text]) => `${word}${colon}${text}`).join(" ; ")));
  }
  if (one.hint) box.append(made("p", "→ " + one.hint));
  if ((one.repair || []).length) box.append(made("p", words.repaired, "dim"));
  box.append(made("p", `${one.path} [${one.source}]`, "dim"));
  return box;
}

function source(bytes, findings) {
  const box = made("section");
  box.append(made("h3", words.source));
  const text = new TextDecoder("utf-8").decode(bytes);
  // Segments of HL7 v2 end with CR; in XML and JSON only LF ends a line.
  const lines = text.split(/^[\s\x0b]*MSH[^\w\s<]/.test(text) ? /\r\n|\r|\n/ : "\n");
  const byLine = new Map();
  for (const one of findings) byLine.set(one.line, [...(byLine.get(one.line) || []), one]);
  const view = made("div", null, "lines");
  const whole = made("button", words.whole);
  whole.type = "button";
  whole.addEventListener("click", () => { fill(view, lines, byLine, lines.length); whole.remove(); });
  fill(view, lines, byLine, around);
  box.append(whole, view);
  return box;
}

function fill(view, lines, byLine, context) {
  view.replaceChildren();
  const faulty = [...byLine.keys()].sort((one, other) => one - other);
  let shown = 0;
  for (const line of faulty) {
    const first = Math.max(shown + 1, line - context);
    if (first > shown + 1) view.append(made("div", "…", "gap"));
    shown = rows(view, lines, byLine, first, Math.min(lines.length, line + context), shown);
  }
  if (shown < lines.length) view.append(made("div", "…", "gap"));
}

function rows(view, lines, byLine, first, last, shown) {
  for (let number = Math.max(first, shown + 1); number <= last; number += 1) {
    const row = made("div", null, byLine.has(number) ? "row faulty" : "row");
    row.append(made("span", number, "number"), made("code", lines[number - 1].slice(0, 2000)));
    view.append(row);
    for (const one of byLine.get(number) || []) view.append(finding(one));
  }
  return Math.max(shown, last);
}

function layers(found) {
  const box = made("details");
  box.append(made("summary", words.layers));
  const table = made("table");
  for (const one of found) {
    const row = made("tr");
    const said = one.asked ? `${several(one.errors, "error")}, ${several(one.warnings, "warning")}` : words.not_asked;
    row.append(made("th", one.title || one.name), made("td", said), made("td", one.note, "dim"));
    table.append(row);
  }
  box.append(table);
  return box;
}

function summary(said) {
  const box = made("details");
  box.open = true;
  box.append(made("summary", words.summary));
  const table = made("table");
  for (const one of said.headings) {
    const row = made("tr");
    const items = made("td");
    for (const item of one.items) items.append(made("div", item));
    const state = one.state === "absent" ? words.absent_heading : words[one.state];
    row.append(made("th", one.title), made("td", state, one.state === "absent" ? "warning" : "dim"), items);
    table.append(row);
  }
  box.append(table);
  return box;
}

function tools(article, file, bytes, report) {
  const bar = made("p", null, "tools");
  const edits = report.findings.flatMap((one) => one.repair || []);
  if (edits.length) bar.append(download(words.repair, () => repaired(bytes, edits), file.name));
  const html = made("button", words.report);
  html.type = "button";
  html.addEventListener("click", async () => {
    const page = await (await ask(file, { format: "html" })).blob();
    offer(page, file.name.replace(/\.(xml|json|hl7|er7|txt|zip)$/i, "") + ".report.html");
  });
  const keep = made("button", words.keep);
  keep.type = "button";
  keep.addEventListener("click", async () => {
    const answer = await ask(file, { format: "json", keep: "1" });
    keep.replaceWith(kept(answer.headers.get("Location")));
  });
  bar.append(html, keep);
  return bar;
}

function kept(place) {
  const box = made("span", words.kept + " ");
  const link = made("a", new URL(place, location.href).href);
  link.href = place;
  const forget = made("button", words.forget);
  forget.type = "button";
  forget.addEventListener("click", async () => {
    await fetch(place, { method: "DELETE" });
    box.replaceWith(made("span", words.forgotten));
  });
  box.append(link, " ", forget);
  return box;
}

function repaired(bytes, edits) {
  const parts = [];
  let done = 0;
  for (const one of [...edits].sort((first, second) => first.start - second.start)) {
    if (one.start < done) continue;
    parts.push(bytes.slice(done, one.start), new TextEncoder().encode(one.text));
    done = one.end;
  }
  return new Blob([...parts, bytes.slice(done)], { type: "text/xml" });
}

function download(text, content, name) {
  const button = made("button", text);
  button.type = "button";
  button.addEventListener("click", () => offer(content(), name));
  return button;
}

function offer(blob, name) {
  const link = made("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

const drop = document.getElementById("drop");
const files = document.getElementById("files");
for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
}
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  [...event.dataTransfer.files].forEach(judge);
});
files.addEventListener("change", () => { [...files.files].forEach(judge); files.value = ""; });
document.getElementById("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!files.files.length) files.click();
});
