/** Settings of the analyzer that writes custom-elements.json: only what users of the pad can use. */
const CALLBACK = /Callback$/; // the browser calls these
const OWN = new Set(["internals", "customError", "isChecked", "validate", "formAssociated"]);

export default {
  globs: ["web/digit-pad.js", "web/pad/*.js"],
  packagejson: false, // it names the manifest already
  plugins: [
    {
      name: "what-users-can-use",
      packageLinkPhase({ customElementsManifest }) {
        const { modules } = customElementsManifest;
        const pads = modules.filter(({ path }) => path === "web/digit-pad.js");
        for (const { declarations } of pads) declarations.forEach(describe);
        customElementsManifest.modules = pads;
      },
    },
  ],
};

/** @param {any} element as the analyzer describes it; changed in place */
function describe(element) {
  element.members = element.members.filter(
    ({ name, privacy }) => privacy !== "private" && !CALLBACK.test(name) && !OWN.has(name),
  );
  // In the source, attributes share a tag: `@attribute name, value - as those of a text field`. The
  // analyzer lists the observed attributes as well, without description.
  element.attributes = element.attributes.filter(({ description }) => description).flatMap(split);
}

/** @param {{ name: string, description: string }} attribute whose name may end in a comma */
function split({ name, description }) {
  const [, names, said] = (/,$/.test(name) && /^(.*?) - (.*)$/s.exec(description)) || [null, "", description];
  const all = [name, ...names.split(",")].map((each) => each.replace(/,|\(.*?\)/g, "").trim());
  return all.filter(Boolean).map((each) => ({ name: each, description: said }));
}
