"""The texts of the tab "Score a file", in English and French: what it asks, and faults of files."""

from __future__ import annotations

FILE_TEXTS: dict[str, tuple[str, str]] = {
    "file": ("File of tweets", "Fichier de tweets"),
    "file_help": (
        "A table (CSV, TSV, JSON, JSON Lines or Parquet, also .gz) or one tweet per line. Up to 20,000 rows "
        "and 10 MB, or 100 MB unpacked. Rows that cannot be scored stay in the result, with the reason.",
        "Un tableau (CSV, TSV, JSON, JSON Lines ou Parquet, aussi en .gz) ou un tweet par ligne. Au plus "
        "20 000 lignes et 10 Mo, ou 100 Mo décompressés. "
        "Les lignes qui ne peuvent être notées restent dans le résultat, avec la raison.",
    ),
    "column": ("Where are the tweets?", "Où sont les tweets ?"),
    "column_unnamed": ("column {number}, without a name", "colonne {number}, sans nom"),
    "each_line": ("each line is a tweet, the first too", "chaque ligne est un tweet, la première aussi"),
    "first_rows": ("The first rows", "Les premières lignes"),
    "score": ("Score the file", "Noter le fichier"),
    "download": ("Download the result", "Télécharger le résultat"),
    "scoring": ("Scoring the tweets", "Notation des tweets"),
    "no_file": (
        "No file yet: choose a file first.",
        "Pas encore de fichier : choisissez d’abord un fichier.",
    ),
    "file_gone": (
        "{file} is no longer here, as files are kept for an hour: choose it again.",
        "{file} n’est plus là, car les fichiers sont gardés une heure : choisissez-le à nouveau.",
    ),
    "result_gone": (
        "The result is no longer here, as files are kept for an hour: choose the file again and score it.",
        "Le résultat n’est plus là, car les fichiers sont gardés une heure : choisissez à nouveau le fichier "
        "et notez-le.",
    ),
    "scored": ("Rows scored: {scored} of {rows}", "Lignes notées : {scored} sur {rows}"),
    "row_errors": (
        "Not scored: {errors}. The column {column} says why.",
        "Non notées : {errors}. La colonne {column} dit pourquoi.",
    ),
    "stopped": (
        "The service stopped answering before the end. What was scored until then is kept.",
        "Le service a cessé de répondre avant la fin. Ce qui était noté jusque-là est gardé.",
    ),
    "preview": ("Preview: {shown} of {rows}", "Aperçu : {shown} sur {rows}"),
    "line": ("Line", "Ligne"),
    "text": ("Text", "Texte"),
    "label": ("Label", "Étiquette"),
    "score_column": ("Score", "Score"),
    # Faults of a file, by the reader's name for them, then of one row
    "file_too_big": (
        "{file} has {size} MB; the limit is {limit} MB: split the file.",
        "{file} fait {size} Mo ; la limite est de {limit} Mo : découpez le fichier.",
    ),
    "file_unpacked": (
        "{file} holds more than {limit} MB when it is unpacked: split the file, or leave columns out.",
        "{file} contient plus de {limit} Mo une fois décompressé : découpez le fichier, ou retirez des "
        "colonnes.",
    ),
    "file_encoding": (
        "{file}, line {line}: byte 0x{byte:02x} is not {name}: save the file as “CSV UTF-8”.",
        "{file}, ligne {line} : l’octet 0x{byte:02x} n’est pas de l’{name} : enregistrez le "
        "fichier en « CSV UTF-8 ».",
    ),
    "file_empty": (
        "{file} holds no tweet: give a line with the column text, then one tweet per line.",
        "{file} ne contient aucun tweet : donnez une ligne avec la colonne text, puis un tweet par ligne.",
    ),
    "file_no_column": (
        "{file}, line 1: no column, or more than one, is named text (found: {found}): say above where the "
        "tweets are.",
        "{file}, ligne 1 : aucune colonne, ou plus d’une, ne s’appelle text (trouvé : {found}) : dites "
        "ci-dessus où sont les tweets.",
    ),
    "file_doubt": (
        "{file}, line {number}: “{line}” can be a header or a tweet: choose above that each line is a tweet, "
        "or, if it is a header, the column of the tweets.",
        "{file}, ligne {number} : « {line} » peut être un en-tête ou un tweet : choisissez ci-dessus "
        "que chaque ligne est un tweet, ou, si c’est un en-tête, la colonne des tweets.",
    ),
    "file_header_below": (
        "{file}, line {number}: “{line}” looks like the header: remove the lines above it, or choose above "
        "that each line is a tweet.",
        "{file}, ligne {number} : « {line} » ressemble à l’en-tête : retirez les lignes qui le précèdent, ou "
        "choisissez ci-dessus que chaque ligne est un tweet.",
    ),
    "file_unnamed": (
        "{file}: the rows have {width} cells each, and line 1 names no column text: choose above where the "
        "tweets are if it is a header, or that each line is a tweet.",
        "{file} : les lignes ont {width} cellules chacune, et la ligne 1 ne nomme pas de colonne text : "
        "choisissez ci-dessus où sont les tweets si c’est un en-tête, ou que chaque ligne est un tweet.",
    ),
    "file_no_text": (
        "{file}: the column {name} holds {kind}, not text: choose another column.",
        "{file} : la colonne {name} contient {kind}, pas du texte : choisissez une autre colonne.",
    ),
    "file_no_value": (
        "{file}: the column {name} holds a value that no text can hold: leave the column out.",
        "{file} : la colonne {name} contient une valeur qui n’est pas représentable : retirez la colonne.",
    ),
    "file_damaged": (
        "{file} is damaged ({reason}): save or copy it anew.",
        "{file} est endommagé ({reason}) : enregistrez-le ou copiez-le à nouveau.",
    ),
    "file_workbook": (
        "{file} is a workbook or another ZIP file: save the sheet as “CSV UTF-8”.",
        "{file} est un classeur ou un autre fichier ZIP : enregistrez la feuille en « CSV UTF-8 ».",
    ),
    "file_no_table": (
        "{file} is a PDF, a picture or a database, not a table: export the tweets as “CSV UTF-8”.",
        "{file} est un PDF, une image ou une base de données, pas un tableau : exportez les tweets en "
        "« CSV UTF-8 ».",
    ),
    "file_web_page": (
        "{file} is a web page, not a table: download the file itself.",
        "{file} est une page web, pas un tableau : téléchargez le fichier lui-même.",
    ),
    "file_archive": (
        "{file} is an archive of files, not a table: unpack it, and choose the table that is in it.",
        "{file} est une archive de fichiers, pas un tableau : décompressez-la, et choisissez le tableau "
        "qu’elle contient.",
    ),
    "file_compressed": (
        "{file} is compressed twice, or by another program than gzip: unpack it and choose the table.",
        "{file} est compressé deux fois, ou par un autre programme que gzip : décompressez-le et choisissez "
        "le tableau.",
    ),
    "file_markup": (
        "{file} is a table in HTML or XML: open it in a spreadsheet and save it as “CSV UTF-8”.",
        "{file} est un tableau en HTML ou en XML : ouvrez-le dans un tableur et enregistrez-le en "
        "« CSV UTF-8 ».",
    ),
    "file_document": (
        "{file} is a text document (RTF), not a table: save it as plain text in UTF-8.",
        "{file} est un document (RTF), pas un tableau : enregistrez-le en texte brut, en UTF-8.",
    ),
    "file_pointer": (
        "{file} is a pointer of Git LFS, not the file itself: fetch it with git lfs pull.",
        "{file} est un pointeur de Git LFS, pas le fichier lui-même : récupérez-le avec git lfs pull.",
    ),
    "file_not_json": (
        "{file} holds no rows in JSON: write an array of objects, or one object per line.",
        "{file} ne contient pas de lignes en JSON : écrivez un tableau d’objets, ou un objet par ligne.",
    ),
    "file_json_inside": (
        "{file} holds objects in JSON: give it the ending {ending}, or choose above that each line is a "
        "tweet.",
        "{file} contient des objets JSON : donnez-lui l’extension {ending}, ou choisissez ci-dessus que "
        "chaque ligne est un tweet.",
    ),
    "file_long_line": (
        "{file} has a line of more than 16 million characters: give a table of tweets.",
        "{file} a une ligne de plus de 16 millions de caractères : donnez un tableau de tweets.",
    ),
    "file_too_long": (
        "{file} has more than {limit} rows: split the file.",
        "{file} a plus de {limit} lignes : découpez le fichier.",
    ),
    "row_blank": ("the text is blank", "le texte est vide"),
    "row_too_long": (
        "the text has {length} characters; the limit is {limit}",
        "le texte a {length} caractères ; la limite est de {limit}",
    ),
    "row_ragged": (
        "the row has {found} fields, the header {expected}: quote texts that hold commas",
        "la ligne a {found} champs, l’en-tête {expected} : mettez entre guillemets les textes à virgule",
    ),
    "row_damaged": ("the row cannot be read: {reason}", "la ligne ne peut être lue : {reason}"),
    "row_long_cell": (
        "a cell is too long: shorten it, or close the quote before it",
        "une cellule est trop longue : raccourcissez-la, ou fermez le guillemet qui la précède",
    ),
    "row_quotes": (
        "not CSV: write a quote inside a quoted cell twice, and close each",
        "pas du CSV : doublez chaque guillemet dans une cellule entre guillemets, et fermez chacun",
    ),
    "row_not_json": (
        "not an object in JSON: write one per row",
        "pas un objet JSON : écrivez-en un par ligne",
    ),
    "row_doubled": (
        "a name occurs twice: give each value its own",
        "un nom figure deux fois : donnez à chaque valeur le sien",
    ),
    "row_too_deep": (
        "lists or objects nested too deeply: write a flat object",
        "listes ou objets trop imbriqués : écrivez un objet plat",
    ),
    "row_no_text": (
        "not text: write the text in quotes",
        "pas du texte : écrivez le texte entre guillemets",
    ),
    "row_half": (
        "not whole characters: write the text anew",
        "caractères incomplets : écrivez le texte à nouveau",
    ),
    "row_not_scored": ("not scored: {reason}", "pas noté : {reason}"),
}
