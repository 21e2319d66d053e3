// What Node itself takes: reads each request to its end and sends the same body to all. env: PORT, ANSWER (a file)
import { readFileSync } from 'node:fs';
import http from 'node:http';

const bytes = readFileSync(process.env.ANSWER);
http
  .createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length });
      response.end(bytes);
    });
  })
  .listen(Number(process.env.PORT), '127.0.0.1');
