// Mutants of a source file, all in one text: each is behind a switch, so that nothing need be built
// anew to plant one. They are found in the syntax tree and made by text: types stay where they are.

import ts from 'typescript';

/**
 * @typedef {object} Mutant
 * @property {number} id
 * @property {string} file below packages/rds-core/src
 * @property {number} line
 * @property {string} was
 * @property {string} is
 */

const K = ts.SyntaxKind;

/** What each operator is mistaken for. */
const MISTAKEN = new Map([
  [K.LessThanToken, '<='],
  [K.LessThanEqualsToken, '<'],
  [K.GreaterThanToken, '>='],
  [K.GreaterThanEqualsToken, '>'],
  [K.EqualsEqualsEqualsToken, '!=='],
  [K.ExclamationEqualsEqualsToken, '==='],
  [K.AmpersandAmpersandToken, '||'],
  [K.BarBarToken, '&&'],
  [K.QuestionQuestionToken, '&&'],
  [K.PlusToken, '-'],
  [K.MinusToken, '+'],
  [K.AsteriskToken, '/'],
  [K.SlashToken, '*'],
  [K.PercentToken, '*'],
  [K.AmpersandToken, '|'],
  [K.BarToken, '&'],
  [K.LessThanLessThanToken, '>>'],
  [K.GreaterThanGreaterThanToken, '<<'],
  [K.PlusEqualsToken, '-='],
  [K.MinusEqualsToken, '+='],
]);

/** What a function may return without a thought, by what it says that it returns. */
const THOUGHTLESS = new Map([
  ['boolean', ['true', 'false']],
  ['number', ['0']],
  ['string', ["''"]],
]);

/**
 * @param {string} file
 * @param {string} text
 * @param {Mutant[]} mutants to which those of the file are added; the place is the id
 */
export function instrument(file, text, mutants) {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);

  /** @param {ts.Node} node @param {string} is */
  const mutant = (node, is) => {
    const id = mutants.length;
    const { line } = tree.getLineAndCharacterOfPosition(node.getStart(tree));
    mutants.push({ id, file, line: line + 1, was: node.getText(tree), is });
    return `__isMutant(${id})`;
  };

  /** @param {ts.Node} node @returns {string} */
  const emit = (node) => {
    if (isSpared(node)) return node.getText(tree);
    const [start, end] = [node.getStart(tree), node.getEnd()];
    const children = /** @type {ts.Node[]} */ ([]);
    ts.forEachChild(node, (child) => void children.push(child));
    children.sort((a, b) => a.pos - b.pos);
    let inner = '';
    let at = start;
    for (const child of children) {
      inner += text.slice(at, child.getStart(tree)) + emit(child);
      at = child.getEnd();
    }
    inner += text.slice(at, end);
    if (isRemovable(node)) return `{ if (!${mutant(node, '')}) ${inner} }`;
    if (ts.isBlock(node) && node.statements.length > 0) {
      if (isBody(node)) return `{ if (${mutant(node, '{}')}) return; ${inner.slice(1)}`;
      if (isBranch(node)) return `{ if (!${mutant(node, '{}')}) ${inner} }`;
    }
    const others = [...new Set(replacements(node, tree))].filter((is) => is !== node.getText(tree));
    if (others.length === 0) return inner;
    return `(${others.map((is) => `${mutant(node, is)} ? (${is}) : `).join('')}(${inner}))`;
  };

  return emit(tree);
}

/** Types are no code, and an assertion that never fails can go. @param {ts.Node} node */
function isSpared(node) {
  if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return true;
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return true;
  return ts.isImportDeclaration(node) || isCall(node, 'assert');
}

/** @param {ts.Node} node @param {string} [name] */
function isCall(node, name) {
  let inner = node;
  while (
    ts.isExpressionStatement(inner) ||
    ts.isAwaitExpression(inner) ||
    ts.isVoidExpression(inner)
  )
    inner = inner.expression;
  if (!ts.isCallExpression(inner)) return false;
  if (inner.expression.kind === K.SuperKeyword) return false;
  return name === undefined || inner.expression.getText() === name;
}

/** A call whose result nobody uses. @param {ts.Node} node */
function isRemovable(node) {
  return ts.isExpressionStatement(node) && isCall(node);
}

/** @param {ts.Block} block */
function isBody({ parent }) {
  return ts.isFunctionLike(parent) && !ts.isConstructorDeclaration(parent);
}

/** A block whose absence is not the same as a condition that is false. @param {ts.Block} block */
function isBranch(block) {
  const { parent } = block;
  if (ts.isIfStatement(parent)) return parent.elseStatement !== undefined;
  return ts.isForStatement(parent) || ts.isForOfStatement(parent) || ts.isWhileStatement(parent);
}

/** What could stand for an expression. @param {ts.Node} node @param {ts.SourceFile} tree */
function* replacements(node, tree) {
  const { parent } = node;
  if (!ts.isExpression(node) || node.kind === K.SuperKeyword) return;
  const isLiteral = node.kind === K.TrueKeyword || node.kind === K.FalseKeyword;
  if (ts.isIfStatement(parent) && parent.expression === node) yield* ['true', 'false'];
  if (ts.isConditionalExpression(parent) && parent.condition === node) yield* ['true', 'false'];
  if (ts.isWhileStatement(parent) && parent.expression === node) yield 'false';
  if (ts.isForStatement(parent) && parent.condition === node) yield 'false';
  if (ts.isReturnStatement(parent) && !isLiteral) {
    yield* THOUGHTLESS.get(typeReturned(parent, tree) ?? '') ?? [];
  }
  if (isLiteral) yield node.kind === K.TrueKeyword ? 'false' : 'true';
  if (ts.isArrowFunction(parent) && parent.body === node && isCall(node)) yield 'undefined';
  if (ts.isBinaryExpression(node)) yield* mistakes(node, tree);
  if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
    const text = node.getText(tree);
    if (node.operator === K.ExclamationToken) yield text.slice(1);
    if (node.operator === K.PlusPlusToken) yield text.replace('++', '--');
    if (node.operator === K.MinusMinusToken) yield text.replace('--', '++');
  }
}

/** @param {ts.BinaryExpression} node @param {ts.SourceFile} tree */
function* mistakes({ left, operatorToken, right }, tree) {
  const mistaken = MISTAKEN.get(operatorToken.kind);
  // Texts are not added up by mistake.
  if (mistaken === undefined || [left, right].some((side) => /^['"`]/.test(side.getText(tree))))
    return;
  const [a, b] = [left.getText(tree), right.getText(tree)];
  const isAssignment = mistaken.endsWith('=') && mistaken.length === 2 && /[-+]/.test(mistaken);
  yield isAssignment ? `${a} ${mistaken} ${b}` : `(${a}) ${mistaken} (${b})`;
}

/** @param {ts.Node} node @param {ts.SourceFile} tree */
function typeReturned(node, tree) {
  let inner = node;
  while (!ts.isFunctionLike(inner)) inner = inner.parent;
  return inner.type?.getText(tree);
}
