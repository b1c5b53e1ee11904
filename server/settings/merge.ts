import type { Setting, SettingList, SettingObject } from './convert.ts';

/** Lays settings over others as OpenSRF's Perl library does. Neither is changed. */
export function merge(base: Setting, overlay: Setting): Setting {
  if (Array.isArray(base) && Array.isArray(overlay)) return mergeLists(base, overlay);
  if (isObject(base) && isObject(overlay)) return mergeObjects(base, overlay);
  return overlay;
}

function mergeObjects(base: SettingObject, overlay: SettingObject): SettingObject {
  const merged: SettingObject = Object.assign(Object.create(null), base);
  for (const [name, value] of Object.entries(overlay)) {
    const before = merged[name];
    merged[name] = before === undefined ? value : merge(before, value);
  }
  return merged;
}

/** Place by place; what the base has more of stays. */
function mergeLists(base: SettingList, overlay: SettingList): SettingList {
  const merged = [...base];
  for (const [index, value] of overlay.entries()) {
    const before = merged[index];
    merged[index] = isObject(before) && isObject(value) ? mergeObjects(before, value) : value;
  }
  return merged;
}

function isObject(setting: Setting | undefined): setting is SettingObject {
  return typeof setting === 'object' && !Array.isArray(setting);
}
