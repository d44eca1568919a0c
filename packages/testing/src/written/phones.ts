// Telephone numbers as people write them. From ITU-T E.164 (numbers), E.123 (notation), and the public list
// "Falsehoods Programmers Believe About Phone Numbers" of libphonenumber.

/** `country`: set if the number is in national format. */
export const writtenPhones: readonly {
  readonly typed: string
  readonly country?: string
  readonly kept: string
}[] = [
  { typed: '+48221234567', kept: '+48221234567' },
  { typed: '+48 22 123 45 67', kept: '+48221234567' },
  { typed: '+48-22-123-45-67', kept: '+48221234567' },
  { typed: '+48.22.1234567', kept: '+48221234567' },
  { typed: '+48/22/123 45 67', kept: '+48221234567' },
  { typed: '+48\u00a022\u00a01234567', kept: '+48221234567' },
  { typed: '+48\u201122\u20131234567', kept: '+48221234567' },
  { typed: ' +48221234567 ', kept: '+48221234567' },
  { typed: '\u202a+48221234567\u202c', kept: '+48221234567' },
  { typed: '\u2068+48 221 234 567\u2069', kept: '+48221234567' },
  { typed: '(+48) 22 123 45 67', kept: '+48221234567' },
  { typed: 'tel:+48-22-123-45-67', kept: '+48221234567' },
  { typed: '0048 22 123 45 67', kept: '+48221234567' },
  { typed: '+48 (0) 22 123 45 67', kept: '+48221234567' },
  { typed: '+44 (0)20 7031 3000', kept: '+442070313000' },
  { typed: '+49 (0)30 901820', kept: '+4930901820' },
  { typed: '+39 (0)6 698 12345', kept: '+390669812345' },
  { typed: '+1 (202) 555-0147', kept: '+12025550147' },
  { typed: '＋４８ ２２ １２３ ４５ ６７', kept: '+48221234567' },
  { typed: '+٤٨ ٢٢ ١٢٣ ٤٥ ٦٧', kept: '+48221234567' },
  { typed: '+۴۸ ۲۲ ۱۲۳ ۴۵ ۶۷', kept: '+48221234567' },
  { typed: '+९१ ९८१०१ २३४५६', kept: '+919810123456' },
  { typed: '+86 138 0013 8000', kept: '+8613800138000' },
  { typed: '22 123 45 67', country: 'PL', kept: '+48221234567' },
  { typed: '020 7031 3000', country: 'GB', kept: '+442070313000' },
  { typed: '030 901820', country: 'DE', kept: '+4930901820' },
  { typed: '06 698 12345', country: 'it', kept: '+390669812345' },
  { typed: '(202) 555-0147', country: 'US', kept: '+12025550147' },
  { typed: '090-1234-5678', country: 'JP', kept: '+819012345678' },
  { typed: '011 48 22 123 45 67', country: 'US', kept: '+48221234567' },
  { typed: '00 48 22 123 45 67', country: 'US', kept: '+48221234567' },
  { typed: '+48 22 123 45 67', country: 'US', kept: '+48221234567' },
]

/** Numbers that cannot receive a text message, and the error message of each. */
export const refusedPhones: readonly {
  readonly typed: string
  readonly country?: string
  readonly error: RegExp
}[] = [
  { typed: '221234567', error: /must have its country/ },
  { typed: '+999 22 123 45 67', error: /of that country/ },
  { typed: '+48 221 2', error: /of that country/ },
  { typed: '+48 22 123 45 67 89 01', error: /of that country/ },
  { typed: '12345', country: 'PL', error: /written in PL/ },
  { typed: '+48 22 123 45 67 ext. 12', error: /extension/ },
  { typed: '+48 22 123 45 67 x12', error: /extension/ },
  { typed: '+48 22 123 45 67;ext=12', error: /extension/ },
  { typed: '+48 22 123 45 67 доб. 12', error: /extension/ },
  { typed: '1-800-FLOWERS', country: 'US', error: /letters/ },
  { typed: '', error: /such as/ },
  { typed: '+', error: /such as/ },
  { typed: '++48 22 123 45 67', error: /such as/ },
  { typed: '+48 22 123 45 67 #12', error: /such as/ },
  { typed: '+48 22 123 45 67, +48 22 123 45 68', error: /such as/ },
]
