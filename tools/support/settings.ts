// What the environment says of the worker's variables, in place of wrangler.toml, where a service is started on this machine.
export const SETTINGS = [
  'LOG_LEVEL',
  'CORS_ORIGINS',
  'AUTO_SPLIT',
  'TOKENS_WITHOUT_EXP',
  'ID_SECRET',
  'ID_SECRET_PREVIOUS',
] as const;

export function settings(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    SETTINGS.flatMap((name) => {
      const said = process.env[name];
      return said === undefined ? [] : [[name, said]];
    }),
  );
}
