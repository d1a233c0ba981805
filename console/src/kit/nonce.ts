const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";

/**
 * Some parts of the component library write a style element of their own and know no nonce (what keeps the page from
 * scrolling below a dialogue): whoever makes one here gets it with the page's.
 */
const create = Document.prototype.createElement;
Document.prototype.createElement = function createElement(
  this: Document,
  name: string,
  options?: ElementCreationOptions,
) {
  const made = create.call(this, name, options);
  if (nonce && made instanceof HTMLStyleElement) made.nonce = nonce;
  return made;
} as typeof create;
