/** Whether `npx`, or `npm exec`, has started this process. */
export const isRunByNpx = process.env['npm_command'] === 'exec';
