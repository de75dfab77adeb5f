import type { Exec } from "./command.ts";
import { awk } from "./special/awk.ts";
import { find } from "./special/find.ts";
import { jq } from "./special/jq.ts";
import { ps } from "./special/ps.ts";
import { sed } from "./special/sed.ts";
import { shell } from "./special/shell.ts";
import { sqlClient } from "./special/sql-client.ts";
import {
  applet,
  controller,
  dd,
  environment,
  kill,
  printenv,
  rpm,
  ssh,
  substituteUser,
  tar,
  watch,
  xargs,
  yq,
} from "./special/wrapper.ts";

/** Programs whose arguments are a language of their own. */
export const SPECIAL: Readonly<Record<string, (exec: Exec) => void>> = {
  awk,
  gawk: awk,
  mawk: awk,
  nawk: awk,
  original_awk: awk,
  find,
  jq,
  sed,
  gsed: sed,
  sh: shell,
  bash: shell,
  rbash: shell,
  dash: shell,
  ash: shell,
  zsh: shell,
  ksh: shell,
  mksh: shell,
  fish: shell,
  csh: shell,
  tcsh: shell,
  busybox: applet,
  toybox: applet,
  dd,
  env: environment,
  kill,
  kubectl: controller,
  oc: controller,
  mariadb: sqlClient,
  mysql: sqlClient,
  printenv,
  psql: sqlClient,
  ps,
  rpm,
  service: controller,
  systemctl: controller,
  watch,
  ssh,
  sudo: substituteUser,
  doas: substituteUser,
  tar,
  gtar: tar,
  bsdtar: tar,
  xargs,
  yq,
};
