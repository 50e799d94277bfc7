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
