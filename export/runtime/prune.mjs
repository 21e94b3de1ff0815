/**
 * Leave out what a graph never uses of a module of TensorFlow.js.
 *
 * esbuild leaves out whole functions that nothing refers to, but no methods of classes and no cases
 * of a switch. TensorFlow.js keeps in such what it needs for training, for graphs with loops, for
 * several backends and for printing tensors.
 */
import ts from "typescript";

/**
 * @param {string} text of the module
 * @param {string[]} unused names of methods to leave out, and with `{}` behind it, of methods and
 *   functions to leave empty, because the module itself calls them
 * @param {string[] | null} operations of graphs: cases of other operations are left out; null where
 *   cases are not those of operations
 * @returns {string}
 * @throws {Error} if the module has nothing of such a name
 */
export function prune(text, unused, operations) {
  const source = ts.createSourceFile("module.js", text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const missing = new Set(unused);
  /** @type {{ from: number, to: number, by: string }[]} */
  const cuts = [];
  visit(source);
  if (missing.size > 0) throw new Error(`TensorFlow.js has no ${[...missing].join(", ")}`);
  let pruned = text;
  for (const { from, to, by } of cuts.reverse()) pruned = pruned.slice(0, from) + by + pruned.slice(to);
  return pruned;

  function visit(node) {
    const name = (ts.isClassElement(node) || ts.isFunctionDeclaration(node)) && node.name?.text;
    if (name && unused.includes(name) && ts.isClassElement(node)) {
      missing.delete(name);
      cut(node);
    } else if (name && unused.includes(name + "{}")) {
      missing.delete(name + "{}");
      cut(node.body, "{}");
    } else if (operations && ts.isCaseBlock(node)) {
      othersThan(node.clauses, operations).forEach((clause) => cut(clause));
    } else ts.forEachChild(node, visit);
  }

  function cut(node, by = "") {
    cuts.push({ from: node.getStart(source), to: node.end, by });
  }
}

/** Return the clauses of a switch that none of the operations reaches. */
function othersThan(clauses, operations) {
  const others = [];
  let falling = []; // clauses without statements of their own go on with the next one's
  for (const clause of clauses) {
    falling.push(clause);
    if (clause.statements.length === 0) continue;
    const isReached = (each) => ts.isDefaultClause(each) || operations.includes(each.expression.text);
    if (!falling.some(isReached)) others.push(...falling);
    falling = [];
  }
  return others;
}
