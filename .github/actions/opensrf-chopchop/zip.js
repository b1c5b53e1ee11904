// A ZIP archive (APPNOTE.TXT 6.3.10, §4.3): each file deflated, with a local header; then the central directory.
import { crc32, deflateRawSync } from 'node:zlib';

/** 1980-01-01, the earliest date that an archive can have. */
const DATE = 0x21;
const UTF8_NAMES = 0x800;
const DEFLATED = 8;
const VERSION = 20;

/** @param files `{ name, content }`. */
export function zip(files) {
  const bodies = [];
  const directory = [];
  let offset = 0;
  for (const { name, content } of files) {
    const file = Buffer.from(name);
    const deflated = deflateRawSync(content);
    const common = fields(
      [VERSION, 2],
      [UTF8_NAMES, 2],
      [DEFLATED, 2],
      [0, 2],
      [DATE, 2],
      [crc32(content), 4],
      [deflated.length, 4],
      [content.length, 4],
      [file.length, 2],
    );
    const body = Buffer.concat([fields([0x04034b50, 4]), common, fields([0, 2]), file, deflated]);
    directory.push(fields([0x02014b50, 4], [VERSION, 2]), common, fields([0, 2], [0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]), file);
    bodies.push(body);
    offset += body.length;
  }
  const central = Buffer.concat(directory);
  const end = fields([0x06054b50, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [central.length, 4], [offset, 4], [0, 2]);
  return Buffer.concat([...bodies, central, end]);
}

/** Little-endian numbers, each with its bytes. */
function fields(...numbers) {
  return Buffer.concat(
    numbers.map(([value, bytes]) => {
      const field = Buffer.alloc(bytes);
      field.writeUIntLE(value, 0, bytes);
      return field;
    }),
  );
}
