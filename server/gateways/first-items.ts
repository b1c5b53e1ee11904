import { endOfString } from '../../shared/osrf/json.ts';

/** The items of a JSON list, each as JSON, that begin within a number of characters. @param list Valid JSON; `''`: no items. */
export function firstItems(list: string, characters: number): string[] {
  const items: string[] = [];
  let start = 1;
  while (start < list.length && start <= characters) {
    const end = endOfItem(list, start, characters);
    const item = list.slice(start, end).trim();
    if (item !== '') items.push(item);
    start = end + 1;
  }
  return items;
}

/** The position of the comma or bracket after an item, or a position beyond the number of characters. */
function endOfItem(list: string, start: number, characters: number): number {
  let depth = 0;
  for (let place = start; place < list.length; place++) {
    const character = list[place];
    if (place > characters || (depth === 0 && (character === ',' || character === ']'))) return place;
    if (character === '"') place = endOfString(list, place);
    else depth += stepOf(character);
  }
  return list.length;
}

function stepOf(character: string | undefined): number {
  if (character === '[' || character === '{') return 1;
  return character === ']' || character === '}' ? -1 : 0;
}
