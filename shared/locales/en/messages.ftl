# Page title when a sign-up is refused (at most 40 characters).
title-blocked = You can’t sign up here

# Page title when the sign-up waits for a person's review (at most 40 characters).
title-pending = Waiting for review

# Page title when something went wrong on our side or with the request (at most 40 characters).
title-problem = Something went wrong

# A deny rule matched: this account may not sign up.
block-denied = It isn’t possible to sign up with this account. If you believe this is a mistake, please contact the organisation and quote reference { $reference }.

# Only invited or known addresses may sign up, and this one is neither.
block-not-allowed = This e-mail address can’t be used to sign up here. Please use your work or organisation address, or contact the organisation and quote reference { $reference }.

# The sign-up must be reviewed by a person before an account is created.
block-pending = Your sign-up needs to be reviewed before an account is created. You don’t need to do anything; the organisation will get back to you (reference { $reference }).

# There is a request already, and nobody has decided yet.
block-already-pending = Your sign-up is already being reviewed. You don’t need to do anything; the organisation will get back to you (reference { $reference }).

# The request is approved, and the account is not there yet.
block-being-created = Your sign-up has been approved and your account is being created. Please try again in a few minutes (reference { $reference }).

# A person has denied the request.
block-request-denied = Your sign-up has not been approved. If you believe this is a mistake, please contact the organisation and quote reference { $reference }.

# The system behind is slow or down: try again shortly.
block-unavailable = We can’t process your sign-up right now. Please try again in a few minutes (reference { $reference }).

# The sign-in provider sent no usable e-mail address.
block-unidentified = We didn’t receive a usable e-mail address from your sign-in provider. Please sign in another way, or check the address you have registered there (reference { $reference }).

# The request could not be understood.
block-malformed = We couldn’t understand the request. Please start the sign-up again and, if this keeps happening, contact the organisation and quote reference { $reference }.

# The sign-up page is set up incorrectly (the administrator's mistake).
block-miswired = This sign-up page isn’t set up correctly. Please contact the organisation and quote reference { $reference }.

# Heading of a form whose marked fields must be corrected.
invalid-page = Please correct the marked fields.

# A required field is empty.
invalid-required = Please fill in this field.

# A text is too short; $min is the least number of characters, two or more.
invalid-too-short = Please enter at least { $min } characters.

# A text is too long; $max is the greatest number of characters, and may be 1: words that suit any number.
invalid-too-long = Please use fewer characters (at most { $max }).

# A number is too small; $min is the least that is accepted, and may be negative.
invalid-too-small = Please enter a number that is { $min } or higher.

# A number is too large; $max is the greatest that is accepted, and may be negative.
invalid-too-large = Please enter a number that is { $max } or lower.

# The value is of another type than the field's, such as a text where a number belongs.
invalid-type = Please enter the kind of value that this field asks for.

# A text does not have the form that the administrator asks for, which we cannot describe.
invalid-pattern = Please enter this in the format that the field asks for.

# The value is not one of those that the administrator accepts, which we do not list.
invalid-not-allowed = Please enter another value, as this one isn’t accepted here.

# This is not a telephone number.
invalid-phone = Please enter a valid telephone number.

# This is a national telephone number and the country isn't known, so the number is needed with its country code.
invalid-phone-country = Please enter the telephone number starting with its country code, for example +46.

# This is not a postal code of the country that the person gave.
invalid-postal-code = Please enter a valid postal code for the country of the address.

# This is neither the name nor the code of a country.
invalid-country = Please enter the name of a country or its two-letter code, for example Sweden or SE.

# This is not a day of the calendar in the form year-month-day; the form is the same in every language.
invalid-date = Please enter a valid date in the form year-month-day, for example 2026-11-21.

# This is not an https or http URL.
invalid-url = Please enter a complete web address, for example https://www.example.com.

# This is not a VAT number: form, country or check digits are wrong.
invalid-vat-number = Please enter a valid VAT number starting with the letters of its country, for example SE.

# This is not a registration number of a company: form or check digits are wrong for the country that the person gave.
invalid-company-number = Please enter a valid registration number of the company, in the form of its country.

# This is not an e-mail address.
invalid-email = Please enter a valid e-mail address, for example name@example.com.

# For a value that no set and no source knows.
invalid-unknown-value = Please check this value, as we don’t know it.

# For an invitation code that is unknown, or is somebody else's.
invalid-code = Please check the invitation code, as we don’t know it.

# For an invitation code whose time is over.
invalid-code-expired = This invitation code has expired, so please ask for a new one.

# For an invitation code that others have used.
invalid-code-used-up = This invitation code has been used up, so please ask for a new one.

# For details with which a provider could not verify the person.
invalid-identity = Please check your details, as your identity could not be verified with them.

# For a check against robots that was not passed.
invalid-bot-check = Please complete the check that shows that you are a person.

# The person's company has its own sign-in, and the sign-up came through another one. Beside a field or on a page.
use-company-sign-in = Please sign up with your company’s own sign-in instead of this one.

# The address is of a provider of throw-away mailboxes. Beside a field or on a page.
disposable-address = Please use your usual e-mail address instead of a temporary one.

# Subject of the mail with a one-time code (at most 40 characters). The code stays out of it: subjects show on locked screens.
mail-subject = Your verification code

# What the one-time code below is for; it comes in a mail.
mail-intro = Enter this code to confirm that this e-mail address is yours.

# How long the one-time code is good for.
mail-validity = The code is valid for 30 minutes.

# Whoever did not ask for the one-time code needs to do nothing.
mail-ignore = If you didn’t ask for a code, you can ignore this e-mail.

# A field's name and what is wrong with it, where there is one text for all fields; $problem is a whole sentence.
invalid-field = { $field }: { $problem }

# What a form calls the built-in attributes (at most 40 characters).
field-displayName = Display name
field-givenName = Given name
field-surname = Surname
field-jobTitle = Job title
field-companyName = Company
field-streetAddress = Street address
field-city = City
field-postalCode = Postal code
field-state = State or province
field-country = Country or region
