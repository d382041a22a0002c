/** The document of a panel: strict content policy, one script, one sheet, the data it starts with. Pure, so that tests draw the same page. */
import type { Boot } from '../protocol/sharedPanel';

export interface PageParts {
  /** Where the sheet may come from (`webview.cspSource`). */
  source: string;
  script: string;
  style: string;
  nonce: string;
  boot: Boot;
}

/**
 * No inline style or script, no image, font, frame or connection: what a page shows it is told over its channel.
 * The toolkit looks for its nonce in `csp-nonce` and makes one style element, to try :focus-visible.
 */
export function pageHtml({ source, script, style, nonce, boot }: PageParts): string {
  // JSON in a script element: only `<` could end it.
  const json = JSON.stringify(boot).replace(/</g, '\\u003c');
  return `<!DOCTYPE html>
<html lang="${boot.language.replace(/[^\w-]/g, '')}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ${source} 'nonce-${nonce}'; script-src 'nonce-${nonce}';">
<meta property="csp-nonce" content="${nonce}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${style}">
</head>
<body>
<div id="root"></div>
<script type="application/json" id="boot">${json}</script>
<script nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
}
