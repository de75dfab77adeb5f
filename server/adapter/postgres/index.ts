export { DEFINITION_CHANGED } from "./connection.ts";
export { createPostgresConnector, type PostgresConnectorOptions } from "./connector.ts";
export { createSqlParser, type SqlParserOptions } from "./sql-parser.ts";
