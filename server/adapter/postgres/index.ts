export { DEFINITION_CHANGED } from "./connection.ts";
export { createPostgresConnector } from "./connector.ts";
export { createSqlParser } from "./sql-parser.ts";
