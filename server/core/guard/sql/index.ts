export { type Catalog, type CatalogContent, makeCatalog, type SqlSessionState } from "./catalog.ts";
export { type DescribedSql, describeSql } from "./describe.ts";
export { judgeMaskExpression, type MaskExpression, maskExpressionQuery } from "./mask-expression.ts";
export { type ParsedSql, type ParsedStatement, parsedSql, type RawParse } from "./parsed.ts";
export { originalSpan, type PreparedSql } from "./prepared.ts";
export { type Protected, protectSql } from "./protect.ts";
export { type TreeRelation, treeOf } from "./tree-of.ts";
export { verifyRewrite } from "./verify.ts";
