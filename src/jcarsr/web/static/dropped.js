// @ts-check
// The files of a drop, also those in its folders.

/**
 * What was dropped, in its order; of a folder, however deep, what is wanted, by name.
 * To be called while the event lasts: afterwards the browser has forgotten what it brought.
 * @param {DataTransfer} transfer
 * @param {string} accept what is wanted of a folder, as in an input's attribute
 * @returns {Promise<File[]>}
 */
export async function droppedFiles(transfer, accept) {
  const files = [...transfer.files];
  const brought = [...transfer.items].flatMap(
    (item) => item.webkitGetAsEntry() ?? item.getAsFile() ?? [], // no entry: not from a disk
  );
  if (!brought.some((one) => !(one instanceof File) && isFolder(one))) return files;
  const lists = await Promise.all(
    brought.map((one) => (one instanceof File ? [one] : filesOf(one, accept))),
  );
  return lists.flat();
}

/**
 * @param {FileSystemEntry} entry
 * @param {string} accept
 * @returns {Promise<File[]>}
 */
async function filesOf(entry, accept) {
  if (isFolder(entry)) return filesIn(entry, accept);
  return [await fileOf(/** @type {FileSystemFileEntry} */ (entry))];
}

/**
 * @param {FileSystemDirectoryEntry} folder
 * @param {string} accept
 * @returns {Promise<File[]>}
 */
async function filesIn(folder, accept) {
  const entries = await children(folder).catch(() => null);
  if (!entries) return [unreadable(folder)];
  entries.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  const lists = await Promise.all(entries.map((entry) => filesOf(entry, accept)));
  return lists.flat().filter((file) => isWanted(file, accept));
}

/**
 * @param {FileSystemFileEntry} entry
 * @returns {Promise<File>}
 */
function fileOf(entry) {
  return new Promise((resolve) => entry.file(resolve, () => resolve(unreadable(entry))));
}

/**
 * An empty picture in an entry's place: the page refuses it by its name, so it is not missed.
 * @param {FileSystemEntry} entry
 */
function unreadable(entry) {
  return new File([], entry.name, { type: "image/unknown" }); // its real type is unknown
}

/**
 * @param {FileSystemDirectoryEntry} folder
 * @returns {Promise<FileSystemEntry[]>}
 */
async function children(folder) {
  const reader = folder.createReader();
  /** @type {FileSystemEntry[]} */
  const all = [];
  for (;;) {
    /** @type {FileSystemEntry[]} a hundred at most, then none */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return all;
    all.push(...some);
  }
}

/**
 * @param {FileSystemEntry} entry
 * @returns {entry is FileSystemDirectoryEntry}
 */
function isFolder(entry) {
  return entry.isDirectory;
}

/**
 * Whether a file is of the wanted kinds, and not what macOS keeps next to one of that name.
 * @param {File} file
 * @param {string} accept as an input's: media types, `image/*`, and endings
 */
function isWanted({ name, type }, accept) {
  const matches = accept.split(",").some((kind) => {
    if (kind.startsWith(".")) return name.toLowerCase().endsWith(kind);
    return kind.endsWith("/*") ? type.startsWith(kind.slice(0, -1)) : type === kind;
  });
  return matches && !name.startsWith("._");
}
