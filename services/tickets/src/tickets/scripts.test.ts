import type { Currency, EventId, Minor } from '@boxoffice/contracts'
import { describe, expect, test } from 'vitest'
import { textOf } from '../../test/read-pdf.ts'
import { runsOf } from '../typesetting/paragraph.ts'
import { paragraphOf } from '../typesetting/typeset.ts'
import { type PrintedTicket, singleTicketPdf } from './pdf.ts'

/** Per script: a holder, an event, a venue, an address and a ticket type, and the time zone of the event. */
const scripts: Record<string, readonly [string, string, string, string, string, string]> = {
  Vietnamese: [
    'Nguyễn Thị Ánh',
    'Đêm nhạc Trịnh Công Sơn',
    'Nhà hát Lớn',
    '1 Tràng Tiền, Hà Nội',
    'Đứng',
    'Asia/Ho_Chi_Minh',
  ],
  'marks apart': ['Ọ̀ṣun Adébáyọ̀', 'Ñ̄ and ḿ̈', 'x̌aƛ̓', 'ǁKhą̂', 'a̐', 'Africa/Lagos'],
  Arabic: [
    'محمد العربي',
    'مهرجان الموسيقى: علاء الدين',
    'دار الأوبرا',
    'شارع التحرير، القاهرة',
    'مدرج',
    'Africa/Cairo',
  ],
  Persian: ['علی‌رضا محمّدی', 'شب‌های موسیقی', 'تالار وحدت', 'خیابان حافظ، تهران', 'ایستاده', 'Asia/Tehran'],
  Hebrew: ['דוד כהן', 'פסטיבל הג׳אז', 'היכל התרבות', 'רחוב הוברמן, תל אביב-יפו', 'עמידה', 'Asia/Jerusalem'],
  Japanese: [
    '山田 太郎',
    '東京フィルハーモニー「歓喜の歌」',
    'オペラシティ',
    '新宿区西新宿3丁目20-2',
    'S席',
    'Asia/Tokyo',
  ],
  Korean: ['김민수', '서울 재즈 페스티벌 2026', '올림픽공원', '송파구 올림픽로 424', '스탠딩', 'Asia/Seoul'],
  'Chinese, simplified': [
    '张伟',
    '北京国际音乐节：乔治·布什',
    '国家大剧院',
    '西长安街2号',
    '站票',
    'Asia/Shanghai',
  ],
  'Chinese, traditional': [
    '陳大文',
    '臺北愛樂管弦樂團',
    '國家音樂廳',
    '中正區中山南路21-1號',
    '站票',
    'Asia/Taipei',
  ],
  Thai: [
    // marks have no width for the formatter
    'สมชาย ใจดี',
    'เทศกาลดนตรีแจ๊สครั้งที่สิบสอง',
    'ศูนย์วัฒนธรรม',
    'ถนนเทียมร่วมมิตร น้ำ',
    'ยืน',
    'Asia/Bangkok',
  ],
  Hindi: [
    'अमित शर्मा',
    'हिन्दुस्तानी शास्त्रीय संगीत',
    'श्रीराम कला केंद्र',
    'सफ़दर हाशमी मार्ग, नई दिल्ली',
    'खड़े',
    'Asia/Kolkata',
  ],
  Bengali: [
    // marks have no width for the formatter
    'রবীন্দ্রনাথ ঠাকুর',
    'বাংলা সঙ্গীত উৎসব',
    'রবীন্দ্র সদন',
    'কলকাতা ৭০০০২০',
    'দাঁড়িয়ে',
    'Asia/Dhaka',
  ],
  Tamil: ['தமிழ்ச்செல்வி', 'சென்னை இசை விழா', 'மியூசிக் அகாடமி', 'டி.டி.கே. சாலை', 'நின்று', 'Asia/Kolkata'],
  'Telugu, Kannada, Malayalam': [
    // marks have no width for the formatter
    'శ్రీనివాస్',
    'ಶ್ರೀನಿವಾಸ ಕನ್ನಡ',
    'ശ്രീലക്ഷ്മി',
    'കൊച്ചി',
    'కొత్త',
    'Asia/Kolkata',
  ],
  'Gujarati, Gurmukhi, Odia': ['કૃષ્ણ', 'ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ', 'ଜଗନ୍ନାଥ', 'ଭୁବନେଶ୍ୱର', 'ભીમ', 'Asia/Kolkata'],
  Sinhala: ['ශ්‍රී ලංකා', 'සංගීත උළෙල', 'කොළඹ', 'ගාලු පාර', 'නැගිට', 'Asia/Colombo'],
  Georgian: ['გიორგი მაისურაძე', 'თბილისის ჯაზი', 'ოპერა', 'რუსთაველის 25', 'დგომა', 'Asia/Tbilisi'],
  Armenian: ['Արմեն Պետրոսյան', 'Հայաստանի ֆիլհարմոնիկ', 'Օպերա', 'Երևան', 'կանգնած', 'Asia/Yerevan'],
  Amharic: ['አበበ ቢቂላ', 'የሙዚቃ በዓል', 'ብሔራዊ ቲያትር', 'አዲስ አበባ', 'ቁም', 'Africa/Addis_Ababa'],
  Khmer: ['សុខា ភ្នំពេញ', 'ពិធីបុណ្យតន្ត្រី', 'រោងមហោស្រព', 'ផ្លូវ', 'ឈរ', 'Asia/Phnom_Penh'],
  Burmese: ['အောင်ဆန်း', 'ဂီတပွဲတော်', 'ရန်ကုန်', 'ဗိုလ်ချုပ်လမ်း', 'ရပ်', 'Asia/Yangon'],
  'Lao, Tibetan': ['ສົມໄຊ', 'ງານດົນຕີ', 'བསྟན་འཛིན་', 'ལྷ་ས་', 'ຢືນ', 'Asia/Vientiane'],
  'Cherokee, mathematics': ['ᏣᎳᎩ', '𝔄𝓃𝓃𝒶', '𝕏 ∮', '☭ ♞', 'ᏯᏗ', 'America/Chicago'],
  emoji: ['Zoë 🎟️', 'Rock 🤘🏿 & Pop ❤️', 'Bar 🇵🇱', 'x 👨‍👩‍👧 y', '1️⃣', 'Europe/Warsaw'],
}

/** What a font draws for a missing character. */
const MISSING = 0

const ticketOf = ([
  holderName,
  name,
  venueName,
  venueAddress,
  typeName,
  timeZone,
]: (typeof scripts)[string]): PrintedTicket => ({
  ticket: {
    ticketNumber: 'TKT-2026-001234',
    holderName,
    unitPrice: 5_000 as Minor,
    currency: 'PLN' as Currency,
    createdAt: new Date('2026-11-21T10:00:00Z'),
  },
  event: {
    eventId: '11111111-1111-4111-8111-111111111111' as EventId,
    name,
    eventDate: new Date('2027-06-18T22:30:00Z'),
    timeZone,
    venueName,
    venueAddress,
  },
  typeName,
  seat: { section: typeName, rowLabel: holderName.slice(0, 2), colLabel: '7' },
  code: 'x'.repeat(140),
})

describe.each(Object.keys(scripts))('a ticket in %s', (script) => {
  const texts = scripts[script] as (typeof scripts)[string]

  test('has the original text when copied', async () => {
    const text = await textOf(await singleTicketPdf(ticketOf(texts)))
    for (const part of texts.slice(0, 5))
      expect(text).toContain(part.normalize('NFC').replace(/[\s\u200c\u200d]+/g, ''))
    expect(text).not.toContain('\ufffd')
  })

  test('has a glyph for every character', async () => {
    for (const text of texts.slice(0, 5)) {
      const paragraph = await paragraphOf(text.normalize('NFC'), { weight: 'bold', timeZone: texts[5] })
      if (!paragraph) continue // the document's own fonts have all characters
      const runs = runsOf(paragraph, { start: 0, end: paragraph.text.length })
      const glyphs = runs.flatMap((run) => run.clusters).flatMap(({ parts }) => parts.map(({ id }) => id))
      expect(glyphs.length).toBeGreaterThan(0)
      expect(glyphs, text).not.toContain(MISSING)
    }
  })

  test('is the same bytes for the same ticket, whatever was printed before it', async () => {
    const ticket = ticketOf(texts)
    const first = await singleTicketPdf(ticket)
    await singleTicketPdf({
      ...ticket,
      ticket: { ...ticket.ticket, holderName: `(${texts[3]}) ${texts[1]}` },
    })
    expect((await singleTicketPdf(ticket)).equals(first)).toBe(true)
  })
})

test('digits, brackets and Latin words stay readable in text that runs from right to left', async () => {
  const [, ...rest] = scripts.Hebrew as (typeof scripts)[string]
  const text = await textOf(await singleTicketPdf(ticketOf(['דוד כהן 2026 (AC/DC)', ...rest] as never)))
  expect(text).toContain('HOLDERדודכהן2026(AC/DC)TICKET')
})
