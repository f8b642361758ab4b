/** Tshark: Wireshark's own program, with our dissector and nothing else of who runs it. */

import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../scripts/paths.mjs';

const LIMIT_MS = 60_000;
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/** Whether there is one here that reads Lua. */
export const hasTshark = spawnSync('tshark', ['--version'], { encoding: 'utf8' }).stdout?.includes(
  'with Lua',
);

/** The values of each field asked for, in one packet. */
export type Row = Readonly<Record<string, readonly string[]>>;

export class Tshark {
  readonly folder = mkdtempSync(join(tmpdir(), 'rds-tshark-'));
  #files = 0;

  /** Stores a file and returns its path. */
  write(name: string, content: Uint8Array | string): string {
    const path = join(this.folder, `${this.#files++}-${name}`);
    writeFileSync(path, content);
    return path;
  }

  /** What it prints of the capture. Throws if our dissector failed on any packet. */
  async run(capture: Uint8Array, ...options: string[]): Promise<string> {
    const path = this.write('capture.pcapng', capture);
    return this.read(path, ...options);
  }

  async read(path: string, ...options: string[]): Promise<string> {
    const script = `lua_script:${join(root, 'tools/wireshark/rds.lua')}`;
    const { stdout, stderr } = await promisify(execFile)(
      'tshark',
      // Names of hosts and ports are not looked up.
      ['-n', '-X', script, '-r', path, ...options],
      {
        encoding: 'utf8',
        timeout: LIMIT_MS,
        maxBuffer: MAX_OUTPUT_BYTES,
        // No plugin, profile or preference of whoever runs the tests.
        env: { ...process.env, WIRESHARK_CONFIG_DIR: this.folder, LC_ALL: 'C.UTF-8' },
      },
    );
    const failure = /Lua:? Error.*/.exec(stdout + stderr);
    if (failure !== null) throw new Error(failure[0]);
    return stdout;
  }

  /** The fields of each packet that has the first one. */
  async fields(capture: Uint8Array, names: readonly string[], ...options: string[]) {
    const path = this.write('capture.pcapng', capture);
    return this.fieldsOf(path, names, ...options);
  }

  async fieldsOf(path: string, names: readonly string[], ...options: string[]): Promise<Row[]> {
    const format = ['-T', 'fields', '-E', 'separator=/t', '-E', 'aggregator=|'];
    const asked = names.flatMap((name) => ['-e', name]);
    const output = await this.read(path, ...format, ...asked, ...options);
    const rows = output.split('\n').map((line) => {
      const values = line.split('\t');
      return Object.fromEntries(
        names.map((name, index) => [name, values[index] ? values[index].split('|') : []]),
      );
    });
    return rows.filter((row) => (row[names[0] ?? ''] ?? []).length > 0);
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
