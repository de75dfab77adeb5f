"use client";

import { ActionIcon, Menu, NativeSelect, NumberInput, Switch } from "@mantine/core";
import { Settings2 } from "lucide-react";
import { TerminalSettings } from "./settings.ts";

/** How this person's terminals look and behave, in this browser. */
export function SettingsMenu(props: { settings: TerminalSettings; change: (part: Partial<TerminalSettings>) => void }) {
  const { settings, change } = props;
  const { font, colours } = TerminalSettings.shape;
  return (
    <Menu position="top-end" closeOnItemClick={false}>
      <Menu.Target>
        <ActionIcon variant="subtle" size="sm" color="gray" aria-label="terminal settings" data-terminal-settings>
          <Settings2 size={14} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown p="sm">
        <NativeSelect
          label="Font"
          data={[
            { value: "jetbrains-mono", label: "JetBrains Mono" },
            { value: "system", label: "This device's monospace" },
          ]}
          value={settings.font}
          onChange={(event) => change({ font: font.parse(event.currentTarget.value) })}
        />
        <NumberInput
          mt="xs"
          label="Font size"
          suffix=" px"
          min={9}
          max={28}
          value={settings.fontSize}
          onChange={(value) => change({ fontSize: typeof value === "number" ? value : settings.fontSize })}
        />
        <NativeSelect
          mt="xs"
          label="Colours"
          data={[
            { value: "page", label: "As the page" },
            { value: "light", label: "Light" },
            { value: "dark", label: "Dark" },
          ]}
          value={settings.colours}
          onChange={(event) => change({ colours: colours.parse(event.currentTarget.value) })}
        />
        <Switch
          mt="sm"
          label="Screen reader mode"
          checked={settings.screenReader}
          onChange={(event) => change({ screenReader: event.currentTarget.checked })}
        />
        <Switch
          mt="sm"
          label="Copy what is selected"
          checked={settings.copyOnSelect}
          onChange={(event) => change({ copyOnSelect: event.currentTarget.checked })}
        />
        <Switch
          mt="sm"
          label="Draw with the graphics card"
          checked={settings.webgl}
          onChange={(event) => change({ webgl: event.currentTarget.checked })}
        />
      </Menu.Dropdown>
    </Menu>
  );
}
