import type { WordKind } from "./catalogue-schema.ts";
import { describeCommand, type Exec } from "./command.ts";
import { looksOutside } from "./filter.ts";
import { child } from "./state.ts";
import { isPublic } from "./variable.ts";
import type { Argument } from "./word.ts";

/** What one word does, by what it means to the program. */
export function describeWord(exec: Exec, kind: WordKind, word: Argument, tree: boolean): void {
  const { walk, state } = exec;
  switch (kind) {
    case "text":
      if (word.known === "no" && word.splits) walk.opaque(`word \`${word.source}\` of \`${exec.name}\``, word.span);
      return;
    case "read": {
      walk.file("file:read", word, state, tree);
      return;
    }
    case "list": {
      walk.file("file:read", listed(word), state);
      return;
    }
    case "tree": {
      walk.file("file:read", word, state, true);
      return;
    }
    case "write": {
      walk.file("file:write", word, state, tree);
      return;
    }
    case "delete": {
      walk.file("file:delete", word, state, tree);
      return;
    }
    case "script":
      walk.file("file:read", word, state);
      {
        walk.opaque(`script \`${word.source}\``, word.span);
        return;
      }
    case "program":
      describeCommand(walk, [word], state, word.span, null);
      {
        walk.opaque(`program \`${word.source}\`, run by \`${exec.name}\``, word.span);
        return;
      }
    case "command": {
      runText(exec, word);
      return;
    }
    case "plugin":
      walk.emit({
        action: "shell:exec",
        resource: { kind: "program", program: word.known === "text" ? word.text : "*" },
        span: word.span,
      });
      {
        walk.opaque(`code that \`${exec.name}\` loads`, word.span);
        return;
      }
    case "host": {
      connect(exec, word);
      return;
    }
    case "url": {
      url(exec, word);
      return;
    }
    case "remote": {
      const text = word.known === "text" ? word.text : word.known === "pattern" ? word.pattern : "";
      const host = /^(?:rsync:\/\/)?(?:[^/@:]+@)?([^/:]+):/.exec(text);
      if (host !== null) {
        walk.emit({ action: "network:connect", resource: { kind: "host", host: host[1] ?? "" }, span: word.span });
        return;
      }
      walk.file("file:read", word, state, true);
      return;
    }
    case "database":
      if (word.known !== "text") walk.opaque(`database \`${word.source}\``, word.span);
      else walk.file("file:read", { ...word, text: `/etc/${word.text}` }, state);
      return;
    case "names":
      walk.file("file:read", word, state);
      walk.opaque(`files that are named in \`${word.source}\``, word.span);
      return;
    case "filter":
      if (word.known !== "text" || looksOutside(word.text))
        walk.opaque(`filter \`${word.source}\` of \`${exec.name}\``, word.span);
      return;
    case "at": {
      // curl 8.3 writes files where its output format says so.
      if (word.known !== "text" || word.text.includes("%output{"))
        walk.opaque(`word \`${word.source}\` of \`${exec.name}\``, word.span);
      // `NAME@FILE` too.
      else if (/^[\w.-]*@./.test(word.text))
        walk.file("file:read", { ...word, text: word.text.slice(word.text.indexOf("@") + 1) }, state);
      return;
    }
    case "form": {
      const file = word.known === "text" ? /^[^=]*=[@<]([^;]*)/.exec(word.text)?.[1] : undefined;
      if (word.known !== "text" || (file !== undefined && /[",]/.test(file)))
        walk.opaque(`word \`${word.source}\` of \`${exec.name}\``, word.span);
      else if (file !== undefined) walk.file("file:read", { ...word, text: file }, state);
      return;
    }
    case "cookie": {
      if (word.known !== "text") walk.opaque(`word \`${word.source}\` of \`${exec.name}\``, word.span);
      else if (!word.text.includes("=")) walk.file("file:read", word, state);
      return;
    }
    case "response": {
      const file = word.known === "text" ? /^@(.+)$/.exec(word.text)?.[1] : undefined;
      if (file === undefined) walk.file("file:read", word, state);
      else describeWord(exec, "names", { ...word, known: "text", text: file }, false);
      return;
    }
    case "format": {
      const file = word.known === "text" ? /^[\w-]*file=(.*)$/.exec(word.text)?.[1] : undefined;
      if (word.known !== "text") walk.opaque(`word \`${word.source}\` of \`${exec.name}\``, word.span);
      else if (file !== undefined) walk.file("file:read", { ...word, text: file }, state);
      return;
    }
    case "template":
      if (word.known !== "text" || !showsPlainFields(word.text))
        walk.opaque(`fields that \`${word.source}\` of \`${exec.name}\` shows`, word.span);
      return;
    case "revision": {
      const file = word.known === "text" ? /^[^:]*:(?:\/|\.\/)?(.+)$/.exec(word.text)?.[1] : undefined;
      walk.file("file:read", file === undefined ? word : { ...word, known: "text", text: file }, state, tree);
      return;
    }
    case "variable":
      if (word.known !== "text" || !isPublic(word.text)) walk.opaque(`variable \`${word.source}\``, word.span);
      return;
    case "start":
      if (word.known === "text" && word.text.startsWith("+")) {
        if (!/^\+([0-9]*[gGF]?|[/?][^\n]*)$/.test(word.text))
          walk.opaque(`command \`${word.source}\` of \`${exec.name}\``, word.span);
      } else walk.file("file:read", word, state);
      return;
    case "paths":
      if (word.known !== "text") walk.file("file:read", word, state);
      else for (const text of word.text.split(":")) walk.file("file:read", { ...word, text }, state);
      return;
    case "key":
      if (word.known !== "text" || word.text.includes("..")) walk.opaque(`key \`${word.source}\``, word.span);
      return;
    case "source":
      if (word.known !== "text" || !word.text.includes("{")) walk.file("file:read", word, state);
      return;
    case "process":
      if (word.known === "no") walk.opaque(`process \`${word.source}\``, word.span);
      return;
  }
}

/** What containers and images show without their environment, arguments or labels. */
function showsPlainFields(template: string): boolean {
  if (!template.includes("{{")) return false;
  return [...template.matchAll(/\{\{([^}]*)\}\}/g)].every(([, field = ""]) =>
    /^\s*(json\s+)?\.(State(\.[A-Za-z.]+)?|Id|Name|Image|Created|RestartCount|Platform|Driver|Size\w*|Architecture|Os|RepoTags|RepoDigests|NetworkSettings(\.[A-Za-z.]+)?|Config\.Image|HostConfig\.(RestartPolicy(\.\w+)?|Memory|NanoCpus|NetworkMode))\s*$/.test(
      field,
    ),
  );
}

/** `ls *.log` shows names: it reads the folder, and of the files nothing. */
function listed(word: Argument): Argument {
  if (word.known !== "pattern") return word;
  const bare = word.pattern.replace(/(?<=.)\/+$/, "");
  const cut = bare.lastIndexOf("/");
  if (!/[*?[]/.test(bare.slice(cut + 1))) return { ...word, pattern: bare };
  const folder = cut === -1 ? "." : cut === 0 ? "/" : bare.slice(0, cut);
  const { span, source } = word;
  return /[*?[]/.test(folder) ? { ...word, pattern: folder } : { span, source, known: "text", text: folder };
}

/** A text that a program hands to a shell. */
export function runText(exec: Exec, word: Argument): void {
  const { walk } = exec;
  walk.emit({
    action: "shell:exec",
    resource: { kind: "program", program: "sh" },
    span: word.span,
    context: {
      command: {
        program: "sh",
        subcommand: "",
        flags: ["-c"],
        arguments: word.known === "text" ? [word.text] : [],
        unknown: word.known !== "text",
      },
    },
  });
  if (word.known === "text") walk.text(word.text, word.span, child(exec.state, null), "sh");
  else walk.opaque(`command \`${word.source}\``, word.span);
}

/** `USER@HOST:PORT` is HOST. */
function hostIn(text: string): string {
  const place = text.replace(/^[^@]*@/, "");
  return /^(\[[^\]]*\]|[^:]*):[0-9]*$/.exec(place)?.[1] ?? place;
}

export function connect(exec: Exec, word: Argument): void {
  if (word.known !== "text") {
    exec.walk.opaque(`host \`${word.source}\``, word.span);
    return;
  }
  exec.walk.emit({
    action: "network:connect",
    resource: { kind: "host", host: hostIn(word.text) },
    span: word.span,
  });
}

export function url(exec: Exec, word: Argument): void {
  const { walk, state } = exec;
  if (word.known !== "text") {
    walk.opaque(`address \`${word.source}\``, word.span);
    return;
  }
  const file = /^file:(?:\/\/(?:localhost|127\.0\.0\.1)?(?=\/))?\/*(\/.*)$/i.exec(word.text);
  if (file === null && /^file:/i.test(word.text)) {
    walk.opaque(`address \`${word.source}\``, word.span);
    return;
  }
  if (file !== null) {
    let path = file[1] ?? "";
    try {
      path = decodeURIComponent(path);
    } catch {
      walk.opaque(`address \`${word.source}\``, word.span);
      return;
    }
    walk.file("file:read", { ...word, text: path }, state);
    return;
  }
  if (/^[a-z0-9+.-]*:?\/*[^/]*[{}[\]]/i.test(word.text)) {
    walk.opaque(`address \`${word.source}\``, word.span);
    return;
  }
  // `gopher://` and `dict://` say to a server whatever stands in the rest.
  const protocol = /^([a-z][a-z0-9+.-]*):\//i.exec(word.text)?.[1];
  if (protocol !== undefined && !/^(https?|postgres(ql)?)$/i.test(protocol))
    walk.opaque(`protocol \`${protocol}\` of \`${exec.name}\``, word.span);
  const host = /^(?:[a-zA-Z][a-zA-Z0-9+.-]*:\/\/)?(?:[^/@]*@)?(\[[^\]]*\]|[^/:?#]+)/.exec(word.text);
  const named = (host?.[1] ?? word.text).toLowerCase();
  if (!/^([a-z0-9._-]+|\[[0-9a-f:.%]+\])$/.test(named)) walk.opaque(`address \`${word.source}\``, word.span);
  walk.emit({
    action: "network:connect",
    resource: { kind: "host", host: named },
    span: word.span,
  });
}
