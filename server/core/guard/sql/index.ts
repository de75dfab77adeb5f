export { type Catalog, type CatalogContent, makeCatalog, type SqlSessionState, TEMPORARY_SCHEMA } from "./catalog.ts";
export { describeSql } from "./describe.ts";
export { judgeMaskExpression, maskExpressionQuery } from "./mask-expression.ts";
export { type ParsedSql, type ParsedStatement, parsedSql, type RawParse } from "./parsed.ts";
export { originalSpan, type PreparedSql } from "./prepared.ts";
export { protectSql } from "./protect.ts";
export { shapeOf } from "./shape.ts";
export { treeOf } from "./tree-of.ts";
export { verifyRewrite } from "./verify.ts";
