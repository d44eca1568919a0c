// Searches as people type them. From UAX #15 and #29, UTS #10 (first-level equality), and Lucene's
// documentation of text without spaces.

/** The name of something, and a query that finds it. */
export const writtenSearches: readonly {
  readonly name: string
  readonly foundBy: readonly string[]
  readonly notBy?: readonly string[]
}[] = [
  { name: 'AC/DC', foundBy: ['acdc', 'AC/DC', 'ac dc', 'ac-dc', 'AC⚡DC', 'ac'], notBy: ['cdc'] },
  { name: 'ACDC live', foundBy: ['AC/DC', 'ac/dc liv', 'acdc'] },
  { name: 'R.E.M.', foundBy: ['rem', 'R.E.M.', 'r.e.m', 'r e m', 'REM'] },
  { name: 'REM tribute', foundBy: ['R.E.M.', 'r.e.m. tribute', 'rem'] },
  { name: 'Jean-Luc Ponty', foundBy: ['jeanluc', 'jean luc', 'jean-luc ponty', 'Jean‑Luc'] },
  { name: 'O’Brien’s quiz', foundBy: ['obriens', "o'brien", 'o’brien', 'OBrien', 'brien'] },
  { name: 'P!nk', foundBy: ['p!nk', 'pnk'] },
  { name: 'Żółć', foundBy: ['zolc', 'ŻÓŁĆ', 'Zo\u0301łc\u0301'] },
  { name: 'Straße', foundBy: ['strasse', 'STRASSE', 'STRAẞE', 'straße'] },
  { name: 'İstanbul Işık', foundBy: ['istanbul', 'ISTANBUL', 'ıstanbul', 'isik', 'ışık'] },
  { name: 'ΟΔΟΣ Οδυσσέας', foundBy: ['οδος', 'οδοσ', 'οδυσσεας', 'ΟΔΥΣΣΈΑΣ'] },
  { name: 'Фёдор', foundBy: ['федор', 'Федор', 'ФЁДОР'] },
  { name: 'Ｆｕｌｌ　Ｗｉｄｔｈ', foundBy: ['full width', 'ＦＵＬＬ'] },
  { name: 'ﬁlm ２０２６', foundBy: ['film 2026', 'FILM'] },
  { name: 'مُحَمَّد عبده', foundBy: ['محمد', 'محمـــد', 'مُحمد عبده'] },
  { name: 'أحمد الفيشاوى', foundBy: ['احمد', 'الفيشاوي', 'ٱحمد'] },
  { name: 'علی‌رضا قربانی', foundBy: ['علیرضا', 'علي رضا', 'عليرضا قرباني'] },
  { name: 'مهرجان ٢٠٢٦', foundBy: ['2026', '۲۰۲۶'] },
  { name: 'שָׁלוֹם חָנוֹךְ', foundBy: ['שלום', 'שלום חנוך'] },
  {
    name: '東京ドームライブ',
    foundBy: ['東京', 'ドーム', 'ライブ', 'らいぶ', '東京 ライブ', '京', 'ブ', 'ﾗｲﾌﾞ'],
    notBy: ['大阪', '京東'],
  },
  { name: '国家大剧院', foundBy: ['大剧院', '国家', '院'], notBy: ['北京'] },
  { name: 'งานดนตรีกรุงเทพ', foundBy: ['กรุงเทพ', 'ดนตรี'], notBy: ['เชียงใหม่'] },
  { name: '서울 재즈 페스티벌', foundBy: ['재즈', '서울', '\u1109\u1165\u110b\u116e\u11af'] },
  { name: 'हिन्दी नाटक', foundBy: ['हिन्दी', 'नाटक'], notBy: ['हनद'] },
  { name: 'Jazz\u00adabend\u200e', foundBy: ['jazzabend'] },
]
