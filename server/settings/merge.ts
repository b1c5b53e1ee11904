import type { Setting, SettingList, SettingObject } from './convert.ts';
import { FREE, type Spend } from './xpath/work.ts';

/** Merges settings over others as OpenSRF's Perl library does, without changing either. */
export function merge(base: Setting, overlay: Setting, spend: Spend = FREE): Setting {
  if (Array.isArray(base) && Array.isArray(overlay)) return mergeLists(base, overlay, spend);
  if (isObject(base) && isObject(overlay)) return mergeObjects(base, overlay, spend);
  return overlay;
}

function mergeObjects(base: SettingObject, overlay: SettingObject, spend: Spend): SettingObject {
  const merged: SettingObject = Object.assign(Object.create(null), base);
  spend(Object.keys(merged).length);
  for (const [name, value] of Object.entries(overlay)) {
    const before = merged[name];
    merged[name] = before === undefined ? value : merge(before, value, spend);
  }
  return merged;
}

/** Merges item by item; additional items of the base stay. */
function mergeLists(base: SettingList, overlay: SettingList, spend: Spend): SettingList {
  const merged = [...base];
  spend(merged.length);
  for (const [index, value] of overlay.entries()) {
    const before = merged[index];
    merged[index] = isObject(before) && isObject(value) ? mergeObjects(before, value, spend) : value;
  }
  return merged;
}

function isObject(setting: Setting | undefined): setting is SettingObject {
  return typeof setting === 'object' && !Array.isArray(setting);
}
